import type { KmsErrorCode, KmsOperation } from "@tenant-security/kms-adapters";

/** Public error codes: wire-protocol section 3.2. */
export const STATUS = {
  UNKNOWN_ERROR: 100,
  UNAUTHORIZED_REQUEST: 101,
  INVALID_REQUEST_BODY: 102,
  NO_PRIMARY_KMS_CONFIGURATION: 200,
  UNKNOWN_TENANT: 201,
  KMS_CONFIGURATION_DISABLED: 202,
  INVALID_PROVIDED_EDEK: 203,
  KMS_WRAP_FAILED: 204,
  KMS_UNWRAP_FAILED: 205,
  KMS_AUTHORIZATION_FAILED: 206,
  KMS_CONFIGURATION_INVALID: 207,
  KMS_UNREACHABLE: 208,
  KMS_THROTTLED: 209,
  KMS_ACCOUNT_ISSUE: 210,
  SECURITY_EVENT_REJECTED: 301,
  SECRET_CREATION_FAILED: 401,
} as const;

export type StatusName = keyof typeof STATUS;

/**
 * HTTP status of each code. 401 belongs to the API key alone: the Java client
 * reads no body of a 401 and always reports code 101.
 */
export const HTTP_STATUS: Readonly<Record<StatusName, number>> = {
  UNKNOWN_ERROR: 500,
  UNAUTHORIZED_REQUEST: 401,
  INVALID_REQUEST_BODY: 400,
  NO_PRIMARY_KMS_CONFIGURATION: 422,
  UNKNOWN_TENANT: 404,
  KMS_CONFIGURATION_DISABLED: 422,
  INVALID_PROVIDED_EDEK: 400,
  KMS_WRAP_FAILED: 502,
  KMS_UNWRAP_FAILED: 422,
  KMS_AUTHORIZATION_FAILED: 403,
  KMS_CONFIGURATION_INVALID: 422,
  KMS_UNREACHABLE: 503,
  KMS_THROTTLED: 429,
  KMS_ACCOUNT_ISSUE: 422,
  SECURITY_EVENT_REJECTED: 422,
  SECRET_CREATION_FAILED: 422,
};

const FAILED: Readonly<Record<KmsOperation, StatusName>> = {
  wrap: "KMS_WRAP_FAILED",
  unwrap: "KMS_UNWRAP_FAILED",
};

// Complete on purpose: a new KMS code does not compile until someone decides here.
const FROM_KMS: Readonly<Record<KmsErrorCode, StatusName | undefined>> = {
  KMS_ABORTED: "KMS_UNREACHABLE",
  KMS_ACCOUNT_ISSUE: "KMS_ACCOUNT_ISSUE",
  KMS_AUTH_FAILED: "KMS_AUTHORIZATION_FAILED",
  KMS_CIPHERTEXT_INVALID: undefined,
  KMS_CLOSED: "KMS_UNREACHABLE",
  KMS_CONFIG_INVALID: "KMS_CONFIGURATION_INVALID",
  KMS_KEY_UNAVAILABLE: "KMS_CONFIGURATION_INVALID",
  KMS_RESPONSE_INVALID: undefined,
  KMS_THROTTLED: "KMS_THROTTLED",
  KMS_TIMEOUT: "KMS_UNREACHABLE",
  KMS_UNREACHABLE: "KMS_UNREACHABLE",
  KMS_UNKNOWN: undefined,
};

export function statusOf(code: KmsErrorCode, operation: KmsOperation): StatusName {
  return FROM_KMS[code] ?? FAILED[operation];
}
