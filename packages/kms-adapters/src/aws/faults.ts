import type { KmsErrorCode, KmsFault } from "../errors.ts";
import { HttpStatusError } from "../http/errors.ts";
import { networkFault } from "../http/network-fault.ts";
import { vendorText } from "../http/vendor-text.ts";
import { ownEntry } from "../own-entry.ts";
import { statusFault } from "../rest/status-fault.ts";

/** Names of errors that KMS, STS and the front end of both answer with. */
export const AWS_CODES: Readonly<Record<string, KmsErrorCode>> = {
  AuthFailure: "KMS_AUTH_FAILED",
  ExpiredToken: "KMS_AUTH_FAILED",
  ExpiredTokenException: "KMS_AUTH_FAILED",
  IncompleteSignature: "KMS_AUTH_FAILED",
  IncompleteSignatureException: "KMS_AUTH_FAILED",
  InvalidAccessKeyId: "KMS_AUTH_FAILED",
  InvalidClientTokenId: "KMS_AUTH_FAILED",
  InvalidSignatureException: "KMS_AUTH_FAILED",
  MissingAuthenticationToken: "KMS_AUTH_FAILED",
  MissingAuthenticationTokenException: "KMS_AUTH_FAILED",
  RequestExpired: "KMS_AUTH_FAILED",
  SignatureDoesNotMatch: "KMS_AUTH_FAILED",
  UnrecognizedClientException: "KMS_AUTH_FAILED",

  LimitExceededException: "KMS_ACCOUNT_ISSUE",
  OptInRequired: "KMS_ACCOUNT_ISSUE",
  RegionDisabledException: "KMS_ACCOUNT_ISSUE",
  SubscriptionRequiredException: "KMS_ACCOUNT_ISSUE",

  AccessDenied: "KMS_CONFIG_INVALID",
  AccessDeniedException: "KMS_CONFIG_INVALID",
  InvalidArnException: "KMS_CONFIG_INVALID",
  InvalidGrantTokenException: "KMS_CONFIG_INVALID",
  InvalidKeyUsageException: "KMS_CONFIG_INVALID",
  NotAuthorized: "KMS_CONFIG_INVALID",
  NotFoundException: "KMS_CONFIG_INVALID",
  UnsupportedOperationException: "KMS_CONFIG_INVALID",
  ValidationError: "KMS_CONFIG_INVALID",
  ValidationException: "KMS_CONFIG_INVALID",

  IncorrectKeyException: "KMS_CIPHERTEXT_INVALID",
  InvalidCiphertextException: "KMS_CIPHERTEXT_INVALID",

  DisabledException: "KMS_KEY_UNAVAILABLE",
  // Pending deletion, pending import, key store disconnected.
  KMSInvalidStateException: "KMS_KEY_UNAVAILABLE",

  BandwidthLimitExceeded: "KMS_THROTTLED",
  RequestLimitExceeded: "KMS_THROTTLED",
  RequestThrottled: "KMS_THROTTLED",
  RequestThrottledException: "KMS_THROTTLED",
  SlowDown: "KMS_THROTTLED",
  Throttling: "KMS_THROTTLED",
  ThrottledException: "KMS_THROTTLED",
  ThrottlingException: "KMS_THROTTLED",
  TooManyRequestsException: "KMS_THROTTLED",

  RequestTimeout: "KMS_TIMEOUT",
  RequestTimeoutException: "KMS_TIMEOUT",

  DependencyTimeoutException: "KMS_UNREACHABLE",
  InternalFailure: "KMS_UNREACHABLE",
  InternalServerError: "KMS_UNREACHABLE",
  KMSInternalException: "KMS_UNREACHABLE",
  // "You can retry the request", says its documentation.
  KeyUnavailableException: "KMS_UNREACHABLE",
  ServiceUnavailable: "KMS_UNREACHABLE",
  ServiceUnavailableException: "KMS_UNREACHABLE",
};

/**
 * `AccessDeniedException` about the key that a ciphertext names: ours is named by us, so that the
 * ciphertext is damaged or another key's. What is not allowed on ours is told in other words.
 */
const OTHER_KEY = /ciphertext refers to/i;

/** Rows that mean something else where a role is assumed: there, access is the credential. */
export const STS_CODES: Readonly<Record<string, KmsErrorCode>> = {
  AccessDenied: "KMS_AUTH_FAILED",
  AccessDeniedException: "KMS_AUTH_FAILED",
};

/** The slice of an SDK error that says what AWS answered. */
interface ServiceError extends Error {
  readonly $metadata: { readonly httpStatusCode?: number | undefined };
}

export function awsFault(error: unknown, special: typeof STS_CODES = {}): KmsFault {
  const network = networkFault(error);
  if (network !== undefined) return network;
  if (error instanceof HttpStatusError) return statusFault(error.status);
  if (!isServiceError(error)) return { code: "KMS_UNKNOWN" };

  const httpStatus = error.$metadata.httpStatusCode;
  const known = ownEntry(special, error.name) ?? ownEntry(AWS_CODES, error.name);
  const denied = error.name === "AccessDeniedException" && OTHER_KEY.test(error.message);
  const code = denied ? "KMS_CIPHERTEXT_INVALID" : (known ?? codeOf(httpStatus ?? 0));
  // Of refused signatures AWS repeats what was signed, session token included.
  const text = code === "KMS_AUTH_FAILED" ? undefined : error.message;
  return { code, detail: vendorText(error.name, text), httpStatus };
}

function codeOf(status: number): KmsErrorCode {
  if (status >= 500) return "KMS_UNREACHABLE";
  return status === 429 ? "KMS_THROTTLED" : "KMS_UNKNOWN";
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "$fault" in error && "$metadata" in error;
}

const EXPIRED: ReadonlySet<string> = new Set(["ExpiredToken", "ExpiredTokenException"]);

export function isExpired(error: unknown): boolean {
  return isServiceError(error) && EXPIRED.has(error.name);
}
