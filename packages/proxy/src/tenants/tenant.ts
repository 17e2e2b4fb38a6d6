/** The vendors a configuration may name; also the values of the metric label `kms_type`. */
export type KmsType = "AWS" | "GCP" | "AZURE" | "THALES" | "VAULT" | "LOCAL";

export const KMS_TYPES: readonly KmsType[] = ["AWS", "GCP", "AZURE", "THALES", "VAULT", "LOCAL"];

/** Plain values of a `credentials` object, each secret resolved. Never logged, never kept. */
export type OpenedCredentials = Readonly<Record<string, unknown>>;

/** A KMS configuration that can be used as written. */
export interface KmsConfiguration {
  readonly usable: true;
  /** 1 … 2^31-1, stable and never reused: customers search their data by it. */
  readonly id: number;
  readonly type: KmsType;
  /** Vendor fields of wire-protocol section 5.1, validated by the driver's own factory. */
  readonly keyPath: Readonly<Record<string, unknown>>;
  readonly leasingAllowed: boolean;
  /** Changes whenever anything changes that a driver is built from; holds no secret. */
  readonly fingerprint: string;
  /**
   * Resolves `fromFile` and `fromEnv` now. Called at first use, not at load.
   * Rejects with a `ProxyError` `KMS_CONFIGURATION_INVALID` (207) that names the member.
   */
  openCredentials(): Promise<OpenedCredentials>;
}

/** A configuration that was refused; its tenants get 207 with the reason. */
export interface UnusableConfiguration {
  readonly usable: false;
  readonly id: number;
  readonly reason: string;
}

export interface Assignment {
  readonly configuration: KmsConfiguration | UnusableConfiguration;
  /** May be used to unwrap. */
  readonly active: boolean;
  /** Used to wrap; at most one per tenant, and only an active one. */
  readonly primary: boolean;
}

export interface Tenant {
  readonly id: string;
  readonly assignments: readonly Assignment[];
  readonly keyLeasingRequired: boolean;
}
