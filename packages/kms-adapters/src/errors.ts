/** Why a KMS call failed, in words that mean the same for every vendor. */
export type KmsErrorCode =
  /** The caller's `AbortSignal` fired. */
  | "KMS_ABORTED"
  /** Billing, quota of the account, service not enabled. */
  | "KMS_ACCOUNT_ISSUE"
  /** Credentials missing at the vendor, wrong, expired or revoked. */
  | "KMS_AUTH_FAILED"
  /** The vendor says this ciphertext is not one of this key. */
  | "KMS_CIPHERTEXT_INVALID"
  /** `close()` was called before. */
  | "KMS_CLOSED"
  /** Key path wrong, credentials incomplete, address forbidden, or no permission on the key. */
  | "KMS_CONFIG_INVALID"
  /** The key exists and is disabled, scheduled for deletion or destroyed. */
  | "KMS_KEY_UNAVAILABLE"
  /** The vendor answered success, with something that cannot be used. */
  | "KMS_RESPONSE_INVALID"
  | "KMS_THROTTLED"
  | "KMS_TIMEOUT"
  | "KMS_UNREACHABLE"
  /** An answer that no table row explains. */
  | "KMS_UNKNOWN";

export type KmsOperation = "wrap" | "unwrap";

/** What a driver makes of an error its vendor raised. */
export interface KmsFault {
  readonly code: KmsErrorCode;
  /** The vendor's own wording and code, if they are safe to show to the caller. */
  readonly detail?: string | undefined;
  /** HTTP status of the vendor's answer; absent when there was no answer or no HTTP. */
  readonly httpStatus?: number | undefined;
}

export interface KmsErrorOptions {
  readonly driver: string;
  readonly operation: KmsOperation;
  readonly cause?: unknown;
}

// Registered in the global symbol table, so a check still works when two
// versions of this package end up in one process.
const BRAND = Symbol.for("@tenant-security/kms-adapters/KmsError");

const RETRYABLE: ReadonlySet<KmsErrorCode> = new Set([
  "KMS_THROTTLED",
  "KMS_TIMEOUT",
  "KMS_UNREACHABLE",
]);

/**
 * The only error a `Kms` rejects with. Branch on `code`; the message is
 * for people, and never contains key material or credentials.
 */
export class KmsError extends Error {
  static {
    this.prototype.name = "KmsError";
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }

  readonly code: KmsErrorCode;
  readonly driver: string;
  readonly operation: KmsOperation;
  /** HTTP status of the vendor's answer, 0 when there was none. */
  readonly httpStatus: number;

  constructor(
    { code, detail = code, httpStatus = 0 }: KmsFault,
    { driver, operation, cause }: KmsErrorOptions,
  ) {
    super(`${driver} ${operation} failed: ${detail}`, { cause });
    this.code = code;
    this.driver = driver;
    this.operation = operation;
    this.httpStatus = httpStatus;
  }

  /** Whether the same call may succeed later without anyone changing anything. */
  get retryable(): boolean {
    return RETRYABLE.has(this.code);
  }

  static is(error: unknown): error is KmsError {
    return typeof error === "object" && error !== null && BRAND in error;
  }
}
