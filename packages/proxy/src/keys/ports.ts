import type { SecretType } from "../tenants/source.ts";

/** The use cases answer at once when everything they need is in memory. */
export type MaybePromise<T> = T | Promise<T>;

/** What the caller said about one use of a key; every member ends up in the security event. */
export interface IclFields {
  readonly requestingId: string;
  readonly dataLabel?: string | undefined;
  readonly sourceIp?: string | undefined;
  readonly objectId?: string | undefined;
  readonly requestId?: string | undefined;
}

/** One request, after authentication and validation. */
export interface Call {
  readonly tenantId: string;
  /** 16 URL-safe characters, the same in log, event and `x-ray-id`. */
  readonly rayId: string;
  readonly iclFields: IclFields;
  readonly customFields: Readonly<Record<string, string>>;
  /**
   * Fires at the request's deadline, and when its client goes. Made at first use, because a leased
   * request needs none.
   */
  readonly signal: AbortSignal;
  /** Nobody waits for the answer any more: long work ends where it is. */
  readonly abandoned: boolean;
}

/** A key in the clear and wrapped. The receiver wipes `dek`. */
export interface WrappedKey {
  /** 32 bytes when made here; a rekeyed key has the length it had. */
  readonly dek: Buffer;
  /** Serialized `EncryptedDeks`. */
  readonly edek: Buffer;
}

export type KeyOperation =
  | "wrap"
  | "unwrap"
  | "lease_wrap"
  | "lease_unwrap"
  | "secret_wrap"
  | "secret_unwrap";

export interface KeyCounter {
  /** Successful cryptographic operations: `tsp_key_operations_total`. */
  count(operation: KeyOperation, times?: number): void;

  /** Whether an unwrap found its lease in memory: `tsp_lease_operations_total`. */
  lookedUp(result: "hit" | "miss"): void;
}

export type KeyEventName =
  | "DATA_ENCRYPT"
  | "DATA_DECRYPT"
  | "DATA_DENY_ACCESS"
  | "CUSTOM_KEY_DERIVE";

/** Where the use cases report each use of a key. */
export interface EventPort {
  /**
   * Before any key is touched: refuses a call whose event would be longer than 64 KiB.
   * `tenantId` replaces the call's own (rekey).
   * @throws ProxyError 102 with HTTP status 413
   */
  admit(call: Call, tenantId?: string): void;

  /**
   * Offers one event and returns at once. `tenantId` replaces the call's own (rekey).
   * @throws ProxyError 301 in `require` mode when the event cannot be queued
   */
  record(event: KeyEventName, call: Call, tenantId?: string): void;
}

export type DerivationType = "sha256" | "sha512";

export interface DerivationRequest {
  readonly derivationType: DerivationType;
  readonly secretType: SecretType;
  /** Secret path → derivation paths; both may be any text, `__proto__` included. */
  readonly paths: ReadonlyMap<string, readonly string[]>;
}

export interface DerivedKey {
  readonly derivedKey: Buffer;
  readonly tenantSecretId: number;
  readonly current: boolean;
}

export interface DerivationAnswer {
  readonly hasPrimaryConfig: boolean;
  /** Secret path → derivation path → keys, the current one first. */
  readonly derivedKeys: ReadonlyMap<string, ReadonlyMap<string, readonly DerivedKey[]>>;
}

/** What the people who run the proxy should know; nothing here slows or fails a request. */
export interface KeyNotices {
  /** A lease could not be replaced ahead of its end; it goes on and this is tried again. */
  leaseRefreshFailed?(configurationId: number, error: unknown): void;

  /** A KMS does not open a key any more that was in memory: it was wiped. */
  keyWithdrawn?(configurationId: number, error: unknown): void;

  /** The configuration of a key that was in memory has changed or gone: it was wiped. */
  keyOutdated?(configurationId: number): void;
}
