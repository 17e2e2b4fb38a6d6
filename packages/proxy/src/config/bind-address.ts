import { isIP, isIPv4 } from "node:net";
import type { Address } from "./settings.ts";

const IP_FORMS = "an IP address such as 0.0.0.0, 127.0.0.1, :: or [::1]";
const ADDRESS_FORMS = "IP or IP:PORT, such as 127.0.0.1, 127.0.0.1:7777, ::1 or [::1]:7777";

/** What a text meant, or what would have been right. */
export type Parsed<T> =
  | { readonly value: T; readonly expected?: never }
  | { readonly expected: string; readonly value?: never };

/** An IP address without a port; IPv6 with or without brackets. */
export function parseIp(text: string): Parsed<string> {
  const ip = withoutBrackets(text);
  if (ip !== undefined) return { value: ip };
  const port = parseAddress(text, { host: "", port: 0 }).value !== undefined;
  return { expected: port ? `${IP_FORMS}, without a port` : IP_FORMS };
}

/**
 * `IP` or `IP:PORT`. IPv6 with a port needs brackets; without them every colon belongs to the
 * address. What the text leaves out comes from `fallback`. Port 0 lets the system choose.
 */
export function parseAddress(text: string, fallback: Address): Parsed<Address> {
  const ip = withoutBrackets(text);
  if (ip !== undefined) return { value: { host: ip, port: fallback.port } };

  const colon = text.lastIndexOf(":");
  const host = text.slice(0, Math.max(colon, 0));
  const bracketed = host.startsWith("[") ? withoutBrackets(host) : undefined;
  const name = bracketed ?? (isIPv4(host) ? host : undefined);
  const port = parsePort(text.slice(colon + 1));
  if (name === undefined) return { expected: ADDRESS_FORMS };
  if (port === undefined) return { expected: `${ADDRESS_FORMS}, with a port from 0 to 65535` };
  return { value: { host: name, port } };
}

/** `host:port` as people write it. */
export function formatAddress({ host, port }: Address): string {
  return isIPv4(host) ? `${host}:${port}` : `[${host}]:${port}`;
}

function withoutBrackets(text: string): string | undefined {
  const inner = /^\[(.*)\]$/s.exec(text)?.[1];
  if (inner !== undefined) return isIP(inner) === 6 ? inner : undefined;
  return isIP(text) === 0 ? undefined : text;
}

function parsePort(text: string): number | undefined {
  const port = /^(0|[1-9]\d{0,4})$/.test(text) ? Number(text) : Number.NaN;
  return port <= 65_535 ? port : undefined;
}
