import { type AssignmentRecord, isUnusable, type TenantRecord } from "../../tenants/records.ts";
import { type Path, quoted } from "../text/path.ts";
import { ID_RANGE, isConfigurationId } from "./configuration.ts";
import { isRecord, type PlainRecord } from "./members.ts";
import type { ConfigurationRecord } from "./model.ts";
import type { Report } from "./report.ts";

const KNOWN = ["id", "configurations", "keyLeasingRequired", "tags"];
const KNOWN_IN_ASSIGNMENT = ["id", "active", "primary"];

/** Everything that has to be known to read tenants; shared by all of them. */
export interface TenantContext {
  readonly report: Report;
  readonly configurations: ReadonlyMap<number, ConfigurationRecord>;
  /** Assignments that may still be read: aliases can make a small text mean a great many. */
  assignmentsLeft: number;
}

/** Reads one entry of `tenants`. Everything that is wrong with one is a mistake of the document. */
export function readTenant(
  entry: unknown,
  path: Path,
  context: TenantContext,
): TenantRecord | undefined {
  const { report } = context;
  if (!isRecord(entry)) {
    report.mistakes.add(path, "expected an object with an id");
    return undefined;
  }
  reportUnknown(entry, KNOWN, path, report);
  const id = own(entry, "id");
  if (typeof id !== "string" || id === "" || !id.isWellFormed()) {
    report.mistakes.add([...path, "id"], "expected text of at least one character, in quotes");
    return undefined;
  }
  readTags(own(entry, "tags"), [...path, "tags"], report);
  const keyLeasingRequired = flag(entry, "keyLeasingRequired", false, path, report);
  const configurations = readAssignments(own(entry, "configurations"), path, context);
  const tenant = { id, configurations, keyLeasingRequired };
  checkPrimary(tenant, path, context);
  return tenant;
}

function readAssignments(
  list: unknown,
  tenantPath: Path,
  context: TenantContext,
): readonly AssignmentRecord[] {
  const { report } = context;
  const path = [...tenantPath, "configurations"];
  if (list === undefined) return [];
  if (!Array.isArray(list)) {
    report.mistakes.add(path, "expected a list");
    return [];
  }
  if (list.length > context.assignmentsLeft) {
    context.assignmentsLeft = 0;
    report.mistakes.add(path, "the tenants have more assignments than can be served");
    return [];
  }
  context.assignmentsLeft -= list.length;
  const assignments = list.flatMap((entry: unknown, index) => {
    const assignment = readAssignment(entry, [...path, index], context);
    return assignment ? [assignment] : [];
  });
  const ids = new Set(assignments.map(({ id }) => id));
  if (ids.size < assignments.length) {
    report.mistakes.add(path, "assigns a KMS configuration twice");
  }
  return assignments;
}

function readAssignment(
  entry: unknown,
  path: Path,
  { report, configurations }: TenantContext,
): AssignmentRecord | undefined {
  if (!isRecord(entry)) {
    report.mistakes.add(path, "expected an object with the id of a KMS configuration");
    return undefined;
  }
  reportUnknown(entry, KNOWN_IN_ASSIGNMENT, path, report);
  const id = own(entry, "id");
  if (!isConfigurationId(id)) {
    report.mistakes.add([...path, "id"], ID_RANGE);
    return undefined;
  }
  if (!configurations.has(id)) {
    report.mistakes.add([...path, "id"], `there is no KMS configuration ${id}`);
  }
  return {
    id,
    active: flag(entry, "active", true, path, report),
    primary: flag(entry, "primary", false, path, report),
  };
}

/** What the tenant's primary configuration says about wrapping. */
function checkPrimary(tenant: TenantRecord, path: Path, context: TenantContext): void {
  const { report, configurations } = context;
  const at = [...path, "configurations"];
  const primaries = tenant.configurations.filter(({ primary }) => primary);
  const active = primaries.filter((assignment) => assignment.active);
  if (active.length > 1) {
    const ids = active.map(({ id }) => id).join(", ");
    report.mistakes.add(at, `expected at most one primary KMS configuration, found ${ids}`);
  }
  for (const { id } of primaries.filter((assignment) => !assignment.active)) {
    report.problems.add(at, `KMS configuration ${id} is not active: primary is ignored`);
  }
  const primary = configurations.get(active[0]?.id ?? 0);
  if (!tenant.keyLeasingRequired || !primary || isUnusable(primary)) return;
  if (primary.leasingAllowed) return;
  report.problems.add(
    [...path, "keyLeasingRequired"],
    `the primary KMS configuration ${primary.id} does not allow leasing: wrapping is refused (207)`,
  );
}

/** Tags say which proxies serve a tenant; the file source serves all of its tenants. */
function readTags(tags: unknown, path: Path, report: Report): void {
  if (tags === undefined || (Array.isArray(tags) && tags.every(isText))) return;
  report.problems.add(path, "expected a list of texts; ignored");
}

function flag(
  record: PlainRecord,
  name: string,
  standard: boolean,
  path: Path,
  report: Report,
): boolean {
  const value = own(record, name) ?? standard;
  if (typeof value === "boolean") return value;
  report.mistakes.add([...path, name], "expected true or false");
  return standard;
}

function reportUnknown(
  record: PlainRecord,
  known: readonly string[],
  path: Path,
  report: Report,
): void {
  for (const name of Object.keys(record)) {
    if (!known.includes(name)) report.problems.add([...path, name], "unknown field, ignored");
  }
}

function own(record: PlainRecord, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

/** The sentence for an id that was there before. */
export function duplicateTenant(id: string): string {
  return `the tenant ${quoted(id)} is there twice`;
}
