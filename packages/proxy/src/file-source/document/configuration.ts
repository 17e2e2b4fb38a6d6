import { KMS_TYPES, type KmsType } from "../../tenants/tenant.ts";
import { type Path, quoted } from "../text/path.ts";
import type { Fingerprint } from "./fingerprint.ts";
import type { ConfigurationRecord } from "./model.ts";
import { isRecord, Members, type Refusal } from "./members.ts";
import type { Report } from "./report.ts";
import { referencedFiles } from "./references.ts";
import { readVendorMembers } from "./vendor-members.ts";
import { VENDOR_FIELDS } from "./vendor-fields.ts";

const KNOWN = ["id", "type", "keyPath", "credentials", "leasingAllowed"];

const MAX_REASONS = 5;

const MAX_ID = 2 ** 31 - 1;

/** Whether a number can be a `kmsConfigId` of the wire: wire-protocol 4.2. */
export function isConfigurationId(id: unknown): id is number {
  return Number.isInteger(id) && Number(id) >= 1 && Number(id) <= MAX_ID;
}

/** What is expected where something else than such an id was found. */
export const ID_RANGE: string = `expected a whole number from 1 to ${MAX_ID}`;

/**
 * Reads one entry of `kmsConfigurations`. An entry that cannot be used becomes an unusable record
 * and a problem; only an entry without a good id is a mistake of the whole document.
 */
export function readConfiguration(
  entry: unknown,
  path: Path,
  report: Report,
  fingerprint: Fingerprint,
): ConfigurationRecord | undefined {
  if (!isRecord(entry)) {
    report.problems.add(path, "left out, because it is not an object with an id");
    return undefined;
  }
  const id = Object.hasOwn(entry, "id") ? entry["id"] : undefined;
  if (!isConfigurationId(id)) {
    report.mistakes.add([...path, "id"], ID_RANGE);
    return undefined;
  }
  const members = new Members(entry, path);
  for (const name of members.unknown(KNOWN)) {
    report.problems.add([...path, name], "unknown field, ignored");
  }
  const record = readUsable(id, members, report, fingerprint);
  if (members.refusals.length === 0 && record !== undefined) return record;

  for (const refusal of members.refusals) {
    report.problems.add(refusal.path, `${refusal.text}; KMS configuration ${id} is left out`);
  }
  return { id, reason: reasonOf(members.refusals) };
}

/** What callers are told: the first few refusals. */
function reasonOf(refusals: readonly Refusal[]): string {
  const told = refusals.slice(0, MAX_REASONS).map(({ name, text }) => `${name}: ${text}`);
  const more = refusals.length - told.length;
  return more > 0 ? `${told.join("; ")}; and ${more} more` : told.join("; ");
}

function readUsable(
  id: number,
  members: Members,
  report: Report,
  fingerprint: Fingerprint,
): ConfigurationRecord | undefined {
  const leasingAllowed = members.flag("leasingAllowed");
  const type = readType(members);
  if (type === undefined) return undefined;
  const vendor = readVendorMembers(members, VENDOR_FIELDS[type], report);
  if (vendor === undefined) return undefined;
  const { keyPath, credentials } = vendor;
  return {
    id,
    type,
    keyPath,
    credentials,
    files: referencedFiles(credentials),
    leasingAllowed,
    fingerprint: fingerprint([type, keyPath, credentials]),
  };
}

function readType(members: Members): KmsType | undefined {
  const value = members.get("type");
  const type = KMS_TYPES.find((known) => known === value);
  if (type !== undefined) return type;
  const found = typeof value === "string" ? `, found ${quoted(value)}` : "";
  members.refuse("type", `expected one of ${KMS_TYPES.join(", ")}${found}`);
  return undefined;
}
