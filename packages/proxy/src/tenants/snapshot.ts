import type { Snapshot } from "./source.ts";
import type { Assignment, KmsConfiguration, Tenant, UnusableConfiguration } from "./tenant.ts";

/** A tenant's use of a configuration, by the configuration's id. */
export interface AssignmentRecord {
  readonly id: number;
  readonly active: boolean;
  readonly primary: boolean;
}

/** A tenant as a source reads it. */
export interface TenantRecord {
  readonly id: string;
  readonly configurations: readonly AssignmentRecord[];
  readonly keyLeasingRequired: boolean;
}

/**
 * Puts a snapshot together piece by piece, so that the caller may yield in between. Tenants that
 * did not change since `previous` are taken over from it as they are.
 */
export class SnapshotBuilder {
  readonly #previous: ReadonlyMap<string, Tenant>;
  readonly #configurations: Map<number, KmsConfiguration | UnusableConfiguration> = new Map();
  readonly #tenants: Map<string, Tenant> = new Map();

  constructor(previous?: Snapshot) {
    this.#previous = previous?.tenants ?? new Map();
  }

  /** Configurations come before the tenants that name them. */
  addConfiguration(configuration: KmsConfiguration | UnusableConfiguration): void {
    this.#configurations.set(configuration.id, configuration);
  }

  /** @throws TypeError when the record names a configuration that was not added */
  addTenant({ id, configurations, keyLeasingRequired }: TenantRecord): void {
    const assignments = configurations.map((record) => this.#assignment(record));
    const tenant: Tenant = { id, assignments, keyLeasingRequired };
    const previous = this.#previous.get(id);
    this.#tenants.set(id, previous && isSame(previous, tenant) ? previous : tenant);
  }

  build(problems: readonly string[]): Snapshot {
    return Object.freeze({ tenants: this.#tenants, problems });
  }

  #assignment({ id, active, primary }: AssignmentRecord): Assignment {
    const configuration = this.#configurations.get(id);
    if (configuration === undefined) throw new TypeError(`no KMS configuration ${id}`);
    return { configuration, active, primary: primary && active };
  }
}

function isSame(a: Tenant, b: Tenant): boolean {
  return (
    a.keyLeasingRequired === b.keyLeasingRequired &&
    a.assignments.length === b.assignments.length &&
    a.assignments.every((assignment, index) => isSameAssignment(assignment, b.assignments[index]))
  );
}

function isSameAssignment(a: Assignment, b: Assignment | undefined): boolean {
  return a.configuration === b?.configuration && a.active === b.active && a.primary === b.primary;
}
