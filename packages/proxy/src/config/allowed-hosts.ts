import { isIPv6 } from "node:net";
import type { Parsed } from "./bind-address.ts";
import { shown } from "./values.ts";

const FORMS = "host, host:port, .suffix or http://host:port, separated by commas";

const LABELS = /^\.?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/;

/** Comma-separated hosts, in lower case. Blanks around an entry and empty entries are ignored. */
export function parseAllowedHosts(text: string): Parsed<readonly string[]> {
  const entries = text
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== "");
  const wrong = entries.find((entry) => !isAllowedHost(entry));
  if (wrong !== undefined) return { expected: `${FORMS}; ${shown(wrong)} is none of these` };
  return { value: entries };
}

function isAllowedHost(entry: string): boolean {
  const plain = entry.startsWith("http://");
  const authority = plain ? entry.slice("http://".length) : entry;
  const parts = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(authority);
  const [, host = "", port] = parts ?? [];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) return false;
  if (host.startsWith("[")) return isIPv6(host.slice(1, -1));
  // A suffix stands for many hosts; one port or plain HTTP for all of them would be too much.
  if (host.startsWith(".") && (plain || port !== undefined)) return false;
  return host.length <= 254 && LABELS.test(host);
}
