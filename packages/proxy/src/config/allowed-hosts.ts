import { AddressPolicy } from "@tenant-security/kms-adapters";
import type { Parsed } from "./bind-address.ts";
import { shown } from "./values.ts";

const FORMS = "host, host:port, .suffix or http://host:port, separated by commas";

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

/** Asks the very object that will read the entry. */
function isAllowedHost(entry: string): boolean {
  try {
    new AddressPolicy({ allowedHosts: [entry] });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
