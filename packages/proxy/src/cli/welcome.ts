import { resolve } from "node:path";
import type { Settings } from "../config/settings.ts";
import { createFileSource } from "../file-source/source.ts";
import type { Addresses } from "../service.ts";
import { exampleEdek, exampleTenant } from "./example.ts";
import type { Terminal } from "./terminal.ts";

export interface WelcomeOptions {
  readonly settings: Settings;
  readonly env: Terminal["env"];
  readonly addresses: Addresses;
  /** Whether the API key is the demo's: it is shown, and used once for an example. */
  readonly demo: boolean;
}

/** Collects what a person wants to know; tells less when something cannot be found out. */
export async function welcome({ settings, env, addresses, demo }: WelcomeOptions): Promise<string> {
  const httpUrl = `${settings.http.tls ? "https" : "http"}://${reachable(addresses.http)}`;
  const [ownKey = ""] = settings.apiKeys;
  const configFile = resolve(settings.source.configFile);
  const tenantId = await tenantOf(configFile, env);
  const edek = demo && tenantId !== undefined && (await exampleEdek(httpUrl, ownKey, tenantId));
  return welcomeText({
    httpUrl,
    healthUrl: `http://${reachable(addresses.health)}`,
    eventsUrl: addresses.events && `tcp://${reachable(addresses.events)}`,
    configFile,
    apiKey: demo ? ownKey : "$API_KEY",
    tenantId,
    edek: edek || undefined,
  });
}

async function tenantOf(file: string, env: Terminal["env"]): Promise<string | undefined> {
  try {
    const snapshot = await createFileSource({ file, env }).load(new AbortController().signal);
    return exampleTenant(snapshot);
  } catch {
    // Whoever changed the file this very moment is told so by the log.
    return undefined;
  }
}

/** "All addresses" is nothing to connect to. */
function reachable(address: string): string {
  return address.replace(/^(0\.0\.0\.0|\[::\]):/, "127.0.0.1:");
}

export interface Welcome {
  /** Origin of the HTTP port, as this machine reaches it. */
  readonly httpUrl: string;
  readonly healthUrl: string;
  /** Undefined while events are off. */
  readonly eventsUrl: string | undefined;
  readonly configFile: string;
  /** What to write into the `Authorization` header; a shell variable when the key is not ours. */
  readonly apiKey: string;
  /** A tenant that can wrap; undefined when there is none. */
  readonly tenantId: string | undefined;
  /** An EDEK of that tenant, if one was made. */
  readonly edek: string | undefined;
}

/** With lines to paste into a shell. */
export function welcomeText(welcome: Welcome): string {
  const { httpUrl, healthUrl, eventsUrl, configFile, apiKey } = welcome;
  return `
Tenant Security Proxy is ready.

  HTTP      ${httpUrl}  (metrics: ${httpUrl}/metrics)
  Health    ${healthUrl}/ready
  Events    ${eventsUrl ?? "off"}
  API key   ${apiKey}
  Tenants   ${configFile}
${tryIt(welcome)}
Ctrl-C stops it.

`;
}

function tryIt({ tenantId, edek, ...welcome }: Welcome): string {
  if (tenantId === undefined) return "\nNo tenant has an active primary configuration yet.\n";
  const from = { tenantId, iclFields: { requestingId: "me" }, customFields: {} };
  const wrap = curl(welcome, "wrap", from);
  const unwrap = curl(welcome, "unwrap", { ...from, encryptedDocumentKey: edek ?? "EDEK" });
  const which = edek === undefined ? "it, with the answer's edek as EDEK" : "such a key";
  return `\nWrap a key for the tenant ${tenantId}:\n${wrap}\n\nUnwrap ${which}:\n${unwrap}\n`;
}

function curl(
  { httpUrl, apiKey }: Pick<Welcome, "httpUrl" | "apiKey">,
  verb: string,
  body: object,
) {
  const options = httpUrl.startsWith("https:") ? "-sk" : "-s";
  // Double quotes only where the shell has to put the key in.
  const header = `Authorization: cmk ${apiKey}`;
  const authorization = apiKey.startsWith("$") ? `"${header}"` : quoted(header);
  return (
    `curl ${options} ${httpUrl}/api/1/document/${verb} -H ${authorization} ` +
    `-H 'Content-Type: application/json' -d ${quoted(JSON.stringify(body))}`
  );
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
