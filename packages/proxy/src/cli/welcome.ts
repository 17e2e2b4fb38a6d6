import { resolve } from "node:path";
import type { Settings } from "../config/settings.ts";
import type { Addresses } from "../service/ports.ts";
import { type Example, findExample } from "./example.ts";
import { plainText, withoutControls } from "./plain-text.ts";
import type { Terminal } from "./terminal.ts";

export interface WelcomeOptions {
  readonly settings: Settings;
  readonly terminal: Pick<Terminal, "env" | "signal">;
  readonly addresses: Addresses;
  /** Whether the API key is the demo's and may be shown. */
  readonly demo: boolean;
}

/** Collects what a person wants to know; tells less when something cannot be found out. */
export async function welcome(options: WelcomeOptions): Promise<string> {
  const { settings, terminal, addresses, demo } = options;
  const [ownKey = ""] = settings.apiKeys;
  return welcomeText({
    httpUrl: `${settings.http.tls ? "https" : "http"}://${reachable(addresses.http)}`,
    healthUrl: `http://${reachable(addresses.health)}`,
    eventsUrl: addresses.events && `tcp://${reachable(addresses.events)}`,
    configFile: resolve(settings.source.configFile),
    apiKey: demo ? ownKey : "$API_KEY",
    example: await findExample(settings, terminal, { withEdek: demo }),
  });
}

/** "All addresses" is nothing to connect to. */
function reachable(address: string): string {
  return address.replace(/^(0\.0\.0\.0|\[::\]):/, "127.0.0.1:");
}

interface Welcome {
  /** Origin of the HTTP port, as this machine reaches it. */
  readonly httpUrl: string;
  readonly healthUrl: string;
  /** Undefined while events are off. */
  readonly eventsUrl: string | undefined;
  readonly configFile: string;
  /** What to write into the `Authorization` header; a shell variable when the key is not ours. */
  readonly apiKey: string;
  readonly example: Example;
}

/** With lines to paste into a shell. */
function welcomeText(welcome: Welcome): string {
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

function tryIt({ example: { tenantId, edek }, ...target }: Welcome): string {
  if (tenantId === undefined) return "\nNo tenant has an active primary configuration yet.\n";
  const from = { tenantId, iclFields: { requestingId: "me" }, customFields: {} };
  const wrap = curl(target, "wrap", from);
  const unwrap = curl(target, "unwrap", { ...from, encryptedDocumentKey: edek ?? "EDEK" });
  const which =
    edek === undefined ? "it, with the answer's edek as EDEK" : "a key that was wrapped just now";
  return `\nWrap a key for the tenant ${plainText(tenantId)}:\n${wrap}\n\nUnwrap ${which}:\n${unwrap}\n`;
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
    `-H 'Content-Type: application/json' -d ${quoted(withoutControls(JSON.stringify(body)))}`
  );
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
