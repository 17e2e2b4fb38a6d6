import type { KmsConfiguration, Tenant, UnusableConfiguration } from "./tenant.ts";

/** Tenants by their ids. */
export type Tenants = Pick<ReadonlyMap<string, Tenant>, "size" | "get"> & {
  keys(): Iterable<string>;
};

/** An immutable view of all tenants. A request reads one snapshot from beginning to end. */
export interface Snapshot {
  readonly tenants: Tenants;
  /** What an operator should know about this version: one line each, with file, line and path. */
  readonly problems: readonly string[];
  /** Configurations that tenants have and that cannot be used. */
  readonly unusable: number;

  /** A configuration that a tenant has. */
  configuration(id: number): KmsConfiguration | UnusableConfiguration | undefined;
}

export type SecretType = "search" | "deterministic" | "vector";

export type RotationStatus = "current" | "in-rotation" | "archived";

/** One tenant secret as stored: wrapped by the tenant's KMS, never in the clear. */
export interface StoredSecret {
  /** The wire's `tenantSecretId`: 1 … 2^32-1, unique within the store, never reused. */
  readonly id: number;
  readonly tenantId: string;
  readonly secretType: SecretType;
  /** Any text of at least one character. */
  readonly secretPath: string;
  readonly rotationStatus: RotationStatus;
  /** Serialized `EncryptedDeks` whose plaintext is the 32-byte secret. */
  readonly encryptedSecret: Uint8Array;
}

export type SecretKey = Pick<StoredSecret, "tenantId" | "secretType" | "secretPath">;

export interface SecretStore {
  /**
   * Secrets of one path that may still be used: the current one first, then those in rotation. One
   * that has just been made may count as in rotation until all processes can know it.
   * Archived ones are left out. Empty when there is none.
   */
  find(key: SecretKey): Promise<readonly StoredSecret[]>;

  /**
   * Compare-and-set: stores `encryptedSecret` as the current secret unless there is one already,
   * and returns whichever is current afterwards.
   */
  create(key: SecretKey, encryptedSecret: Uint8Array): Promise<StoredSecret>;
}

/** Where tenants come from. */
export interface TenantSource {
  /**
   * Reads everything again. Gives back the previous snapshot, the same object, when nothing changed.
   * Rejects when the whole is unusable; the caller keeps its last good snapshot.
   */
  load(signal: AbortSignal): Promise<Snapshot>;

  /** Calls `changed` when a reload would bring something new; returns the function that ends it. */
  watch(changed: () => void): () => void;

  readonly secrets: SecretStore;
}
