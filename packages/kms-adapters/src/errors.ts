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

/** Wrapping encrypts a key of ours under the tenant's key, unwrapping decrypts it. */
export type KmsOperation = "wrap" | "unwrap";

/** What a driver makes of an error its vendor raised. */
export interface KmsFault {
  /** Why, in words that mean the same for every vendor. */
  readonly code: KmsErrorCode;
  /** The vendor's own wording and code, if they are safe to show to the caller. */
  readonly detail?: string | undefined;
  /** HTTP status of the vendor's answer; absent when there was no answer or no HTTP. */
  readonly httpStatus?: number | undefined;
}

/** Where a fault happened. */
export interface KmsErrorOptions {
  /** Name of the driver. */
  readonly driver: string;
  /** Absent when a configuration was refused before any call. */
  readonly operation?: KmsOperation;
  /** Whose KMS it was, such as `configuration 534`; becomes part of the message. */
  readonly subject?: string | undefined;
  /** The vendor's own error; for logs, never for callers. */
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

/** What was seen, unless the vendor said it better. */
const MEANING: Readonly<Record<KmsErrorCode, string>> = {
  KMS_ABORTED: "the caller gave up",
  KMS_ACCOUNT_ISSUE: "the account at the KMS cannot be used",
  KMS_AUTH_FAILED: "the credentials were refused",
  KMS_CIPHERTEXT_INVALID: "the ciphertext is not one of this key",
  KMS_CLOSED: "the client was closed",
  KMS_CONFIG_INVALID: "the configuration cannot be used",
  KMS_KEY_UNAVAILABLE: "the key is disabled or deleted",
  KMS_RESPONSE_INVALID: "the answer cannot be used",
  KMS_THROTTLED: "the KMS limits the rate of calls",
  KMS_TIMEOUT: "no answer in time",
  KMS_UNREACHABLE: "the KMS could not be reached",
  KMS_UNKNOWN: "the KMS answered with an error that is not known",
};

export function isKmsErrorCode(code: unknown): code is KmsErrorCode {
  return typeof code === "string" && Object.hasOwn(MEANING, code);
}

/** What the person who runs the application, or the tenant, can do about it. */
const ADVICE: Readonly<Record<KmsErrorCode, string>> = {
  KMS_ABORTED: "Try again",
  KMS_ACCOUNT_ISSUE: "Check billing, quota and enabled services of the account at the vendor",
  KMS_AUTH_FAILED: "Check that the credentials are right, not expired and not revoked",
  KMS_CIPHERTEXT_INVALID: "Check that the data is complete and was wrapped with this key",
  KMS_CLOSED: "Try again",
  KMS_CONFIG_INVALID: "Check key path, credentials and the permissions on the key",
  KMS_KEY_UNAVAILABLE: "Enable or restore the key at the vendor",
  KMS_RESPONSE_INVALID: "Check that the address is that of the KMS and nothing stands in between",
  KMS_THROTTLED: "Try again later, or have the quota raised",
  KMS_TIMEOUT: "Try again, and check network and state of the KMS",
  KMS_UNREACHABLE: "Try again, and check network, TLS and state of the KMS",
  KMS_UNKNOWN: "Check the state of the KMS with its vendor",
};

/**
 * The only error a `Kms` rejects with. Branch on `code`; the message is
 * for people, and never contains key material or credentials.
 */
export class KmsError extends Error {
  static {
    this.prototype.name = "KmsError";
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }

  /** Why the call failed; branch on it. */
  readonly code: KmsErrorCode;
  /** Name of the driver. */
  readonly driver: string;
  /** `wrap` for a configuration that was refused before any call. */
  readonly operation: KmsOperation;
  /** HTTP status of the vendor's answer, 0 when there was none. */
  readonly httpStatus: number;

  constructor(
    { code, detail = MEANING[code], httpStatus = 0 }: KmsFault,
    { driver, operation, subject, cause }: KmsErrorOptions,
  ) {
    const what = operation === undefined ? "configuration refused" : `${operation} failed`;
    const whose = subject === undefined ? "" : ` (${subject})`;
    super(`${driver} ${what}${whose}: ${detail}. ${ADVICE[code]}.`, { cause });
    this.code = code;
    this.driver = driver;
    this.operation = operation ?? "wrap";
    this.httpStatus = httpStatus;
  }

  /** Whether the same call may succeed later without anyone changing anything. */
  get retryable(): boolean {
    return RETRYABLE.has(this.code);
  }

  /** Whether `error` is one of these, also when another copy of this package made it. */
  static is(error: unknown): error is KmsError {
    return typeof error === "object" && error !== null && BRAND in error;
  }
}
