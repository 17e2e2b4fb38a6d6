import type { KmsType } from "./tenant.ts";

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

/** A configuration that can be used as far as its source tells. Plain data. */
export interface UsableRecord {
  readonly id: number;
  readonly type: KmsType;
  readonly keyPath: Readonly<Record<string, unknown>>;
  /** Known members only, references not resolved. */
  readonly credentials: Readonly<Record<string, unknown>>;
  readonly leasingAllowed: boolean;
  /** Changes whenever anything changes that a driver is built from; holds no secret. */
  readonly fingerprint: string;
}

/** A configuration that is left out, and why. */
export interface UnusableRecord {
  readonly id: number;
  readonly reason: string;
}

export function isUnusable(record: UsableRecord | UnusableRecord): record is UnusableRecord {
  return "reason" in record;
}
