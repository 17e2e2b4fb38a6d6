import type { TenantRecord } from "../../tenants/records.ts";
import { isRecord, type PlainRecord } from "./members.ts";
import { readConfiguration } from "./configuration.ts";
import type { Fingerprint } from "./fingerprint.ts";
import type { ConfigurationRecord } from "./model.ts";
import type { Report } from "./report.ts";
import { duplicateTenant, readTenant, type TenantContext } from "./tenant.ts";

const KNOWN = ["version", "kmsConfigurations", "tenants"];

/** Fifty for each of a hundred thousand tenants. */
const MAX_ASSIGNMENTS = 5_000_000;

export interface DocumentParts {
  readonly configurations: readonly ConfigurationRecord[];
  readonly tenants: readonly TenantRecord[];
}

/** Reads document model version 1. The parts are of use only when no mistake was reported. */
export function readDocument(
  value: unknown,
  report: Report,
  fingerprint: Fingerprint,
): DocumentParts {
  if (!isRecord(value)) {
    report.mistakes.add([], "expected an object with version, kmsConfigurations and tenants");
    return { configurations: [], tenants: [] };
  }
  if (!Object.hasOwn(value, "version") || value["version"] !== 1) {
    report.mistakes.add(["version"], "expected 1, the only version that this proxy reads");
  }
  for (const name of Object.keys(value)) {
    if (!KNOWN.includes(name)) report.problems.add([name], "unknown field, ignored");
  }
  const configurations = readConfigurations(value, report, fingerprint);
  const context = { report, configurations, assignmentsLeft: MAX_ASSIGNMENTS };
  const tenants = readTenants(value, context);
  return { configurations: [...configurations.values()], tenants: [...tenants.values()] };
}

function readConfigurations(
  document: PlainRecord,
  report: Report,
  fingerprint: Fingerprint,
): ReadonlyMap<number, ConfigurationRecord> {
  const configurations = new Map<number, ConfigurationRecord>();
  for (const [index, entry] of list(document, "kmsConfigurations", report).entries()) {
    const path = ["kmsConfigurations", index];
    const record = readConfiguration(entry, path, report, fingerprint);
    if (record === undefined) continue;
    if (configurations.has(record.id)) {
      report.mistakes.add([...path, "id"], `the KMS configuration ${record.id} is there twice`);
    }
    configurations.set(record.id, record);
  }
  return configurations;
}

function readTenants(
  document: PlainRecord,
  context: TenantContext,
): ReadonlyMap<string, TenantRecord> {
  const tenants = new Map<string, TenantRecord>();
  for (const [index, entry] of list(document, "tenants", context.report).entries()) {
    const path = ["tenants", index];
    const tenant = readTenant(entry, path, context);
    if (tenant === undefined) continue;
    if (tenants.has(tenant.id)) {
      context.report.mistakes.add([...path, "id"], duplicateTenant(tenant.id));
    }
    tenants.set(tenant.id, tenant);
  }
  return tenants;
}

/** A list that has to be there, so that a misspelt name does not turn every tenant away. */
function list(document: PlainRecord, name: string, report: Report): readonly unknown[] {
  const value = Object.hasOwn(document, name) ? document[name] : undefined;
  if (Array.isArray(value)) return value;
  report.mistakes.add(
    [name],
    value === undefined ? "is missing: expected a list" : "expected a list",
  );
  return [];
}
