import { isRecord, type Members } from "./members.ts";
import type { SecretReference } from "./model.ts";
import type { Report } from "./report.ts";
import { readReference } from "./secret-text.ts";

interface LocalKeyRecord {
  readonly version: number;
  readonly key: SecretReference;
}

const MAX_KEYS = 1_000;
const MAX_VERSION = 2 ** 32 - 1;

/**
 * The key list of a `LOCAL` configuration. A key may only be referred to, so that the document can
 * be shown to people and kept in a repository.
 */
export function readLocalKeys(
  members: Members,
  name: string,
  given: unknown,
  report: Report,
): readonly LocalKeyRecord[] {
  if (!Array.isArray(given) || given.length === 0 || given.length > MAX_KEYS) {
    members.refuse(name, `expected a list of 1 to ${MAX_KEYS} entries { version, key }`);
    return [];
  }
  const versions = new Set<number>();
  return given.flatMap((entry: unknown, index) => {
    const key = members.item(name, index, entry);
    const record = key && readLocalKey(key, report);
    if (!key || !record) return [];
    if (versions.has(record.version)) key.refuse("version", "is there twice");
    versions.add(record.version);
    return [record];
  });
}

function readLocalKey(entry: Members, report: Report): LocalKeyRecord | undefined {
  for (const name of entry.unknown(["version", "key"])) {
    report.problems.add([...entry.path, name], "unknown field, ignored");
  }
  const version = entry.get("version");
  const isVersion = Number.isInteger(version) && Number(version) >= 1;
  if (!isVersion || Number(version) > MAX_VERSION) {
    entry.refuse("version", `expected a whole number from 1 to ${MAX_VERSION}`);
  }
  const key = readReference(entry.get("key"));
  if ("expected" in key) {
    const why = isRecord(entry.get("key")) ? "" : ", because a key has no place in this file";
    entry.refuse("key", `${key.expected}${why}`);
    return undefined;
  }
  return { version: Number(version), key: key.value };
}
