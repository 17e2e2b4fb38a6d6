import type { LookupAddress } from "node:dns";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";

const FILE = "/etc/hosts";
const MAX_LENGTH = 1_048_576;

/** Addresses that the hosts file of this machine gives a name; empty where there is no such file. */
export async function findInHostsFile(
  hostname: string,
  file: string = FILE,
): Promise<readonly LookupAddress[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text
    .slice(0, MAX_LENGTH)
    .split("\n")
    .flatMap((line) => addressOf(line, hostname));
}

function addressOf(line: string, hostname: string): readonly LookupAddress[] {
  const [address = "", ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
  const family = isIP(address);
  if (family === 0 || !names.some((name) => name.toLowerCase() === hostname)) return [];
  return [{ address, family }];
}
