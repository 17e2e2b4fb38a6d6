import { readLocalKeys } from "./local-keys.ts";
import { isRecord, type Members, type PlainRecord } from "./members.ts";
import type { Report } from "./report.ts";
import { type Read, readSecretText, readText, SEALED } from "./secret-text.ts";
import type { VendorField, VendorFields } from "./vendor-fields.ts";

export interface VendorMembers {
  readonly keyPath: PlainRecord;
  readonly credentials: PlainRecord;
}

const MAX_PAIRS = 64;

/**
 * Reads `keyPath` and `credentials` by the vendor's table: known members only, in the table's
 * order. What cannot be used becomes a refusal; what nobody knows, a problem.
 */
export function readVendorMembers(
  configuration: Members,
  { keyPath, credentials, oneOf }: VendorFields,
  report: Report,
): VendorMembers | undefined {
  const path = configuration.inside("keyPath");
  const secrets = configuration.inside("credentials");
  if (secrets?.get("sealed") != null) {
    secrets.refuse("sealed", SEALED);
    return undefined;
  }
  if (secrets && oneOf) requireOneOf(configuration, secrets, oneOf);
  const pathMembers = path && readFields(path, keyPath, readText, report);
  const secretMembers = secrets && readFields(secrets, credentials, readSecretText, report);
  return pathMembers && secretMembers && { keyPath: pathMembers, credentials: secretMembers };
}

function readFields(
  members: Members,
  fields: readonly VendorField[],
  readTextMember: (value: unknown) => Read<unknown>,
  report: Report,
): PlainRecord {
  const values: Record<string, unknown> = {};
  for (const field of fields) {
    const { name, kind, required, only } = field;
    const given = members.get(name);
    if (kind === "unused" || given == null) {
      if (required) members.refuse(name, "is missing");
      continue;
    }
    if (kind === "keys") {
      values[name] = readLocalKeys(members, name, given, report);
      continue;
    }
    const read = kind === "text" ? readTextMember(given) : readPlain(kind, given);
    if ("expected" in read) members.refuse(name, read.expected);
    else if (only !== undefined && read.value !== only) members.refuse(name, `expected ${only}`);
    else values[name] = read.value;
  }
  reportUnknown(members, fields, report);
  return values;
}

function readPlain(kind: "flag" | "pairs", given: unknown): Read<unknown> {
  if (kind === "flag") {
    return typeof given === "boolean" ? { value: given } : { expected: "expected true or false" };
  }
  const pairs = isRecord(given) ? Object.entries(given) : [];
  const isPairs = isRecord(given) && pairs.every(([, value]) => "value" in readText(value));
  if (isPairs && pairs.length <= MAX_PAIRS) return { value: Object.fromEntries(pairs) };
  return { expected: `expected an object of at most ${MAX_PAIRS} texts` };
}

function reportUnknown(members: Members, fields: readonly VendorField[], report: Report): void {
  const known = fields.map(({ name }) => name);
  for (const name of members.unknown(known)) {
    report.problems.add([...members.path, name], "unknown field, ignored");
  }
}

function requireOneOf(
  configuration: Members,
  secrets: Members,
  sets: readonly (readonly string[])[],
): void {
  const isThere = (name: string | undefined): boolean => name != null && secrets.get(name) != null;
  const begun = sets.filter(([first]) => isThere(first));
  if (begun.length === 1 && begun.flat().every(isThere)) return;
  const wanted = sets.map((names) => names.join(" and ")).join(", or ");
  configuration.refuse("credentials", `expected exactly one of: ${wanted}`);
}
