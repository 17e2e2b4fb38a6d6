/**
 * Preloaded into a proxy (`node --import`): writes down every name that is looked up and every TCP
 * connection that is begun, where Node hands them to the system, and lets none leave this machine.
 * `WATCHED_NAMES` says what names lead to; no other name is found.
 */
import { appendFileSync } from "node:fs";
import dns, { type LookupAddress } from "node:dns";
import { syncBuiltinESMExports } from "node:module";
import { isIP, isIPv6 } from "node:net";

type Connect = (request: unknown, address: string, port: number) => number;

interface Bindings {
  binding(name: "tcp_wrap"): { TCP: { prototype: Record<"connect" | "connect6", Connect> } };
}

const LOG = process.env["WATCHED_LOG"] ?? "";
const NAMES = JSON.parse(process.env["WATCHED_NAMES"] ?? "{}") as Record<string, string[][]>;
const UV_ENETUNREACH = -101;

function note(kind: string, text: string): void {
  appendFileSync(LOG, `${kind} ${text}\n`);
}

const { TCP } = (process as unknown as Bindings).binding("tcp_wrap");
for (const name of ["connect", "connect6"] as const) {
  const connect = TCP.prototype[name];
  TCP.prototype[name] = function watched(request, address, port) {
    note("connect", `${address}:${port}`);
    const isLocal = address.startsWith("127.") || address === "::1";
    return isLocal ? connect.call(this, request, address, port) : UV_ENETUNREACH;
  };
}

/** Each look-up of a name takes its next answer; the last one stays. */
function answerOf(name: string): LookupAddress[] {
  note("lookup", name);
  if (isIP(name) !== 0) return [{ address: name, family: isIP(name) }];
  const answers = NAMES[name] ?? [];
  const addresses = answers.length > 1 ? answers.shift() : answers[0];
  if (addresses === undefined) {
    throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: "ENOTFOUND" });
  }
  return addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
}

// Name servers are asked for one family after the other: both are one look-up.
let asked: LookupAddress[] = [];
const addressesOf = (family: 4 | 6, code: string): string[] => {
  const found = asked.filter((entry) => entry.family === family);
  if (found.length === 0) throw Object.assign(new Error(`query ${code}`), { code });
  return found.map(({ address }) => address);
};
type Ask = (name: string) => Promise<string[]>;
const prototype: Record<"resolve4" | "resolve6", Ask> = dns.promises.Resolver.prototype;
prototype.resolve4 = async (name) => {
  asked = answerOf(name);
  return addressesOf(4, "ENODATA");
};
prototype.resolve6 = async () => addressesOf(6, "ENODATA");

dns.promises.lookup = (async (name: string, options?: { all?: boolean }) => {
  const answer = answerOf(name);
  return options?.all === true ? answer : answer[0];
}) as typeof dns.promises.lookup;
// Servers look the addresses up that they listen on; names are none of theirs.
const { lookup } = dns;
dns.lookup = ((name: string, ...rest: readonly unknown[]) => {
  if (isIP(name) !== 0) return Reflect.apply(lookup, dns, [name, ...rest]);
  note("lookup", `${name} by callback`);
  throw new Error("nobody looks names up by callback");
}) as unknown as typeof dns.lookup;
syncBuiltinESMExports();
