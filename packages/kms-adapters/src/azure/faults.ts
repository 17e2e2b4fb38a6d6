import type { KmsErrorCode, KmsFault, KmsOperation } from "../errors.ts";
import type { HttpStatusError } from "../http/errors.ts";
import { vendorText } from "../http/vendor-text.ts";
import { ownEntry } from "../own-entry.ts";
import { asObject, asText } from "../rest/json.ts";
import { statusFault } from "../rest/status-fault.ts";

/** `error.innererror.code`: why, where `error.code` only says that. */
export const AZURE_INNER_CODES: Readonly<Record<string, KmsErrorCode>> = {
  AccessDenied: "KMS_CONFIG_INVALID",
  ForbiddenByConnection: "KMS_CONFIG_INVALID",
  ForbiddenByFirewall: "KMS_CONFIG_INVALID",
  ForbiddenByPolicy: "KMS_CONFIG_INVALID",
  ForbiddenByRbac: "KMS_CONFIG_INVALID",
  KeyDisabled: "KMS_KEY_UNAVAILABLE",
  KeyExpired: "KMS_KEY_UNAVAILABLE",
  KeyNotYetValid: "KMS_KEY_UNAVAILABLE",
  KeyOperationForbidden: "KMS_CONFIG_INVALID",
  ObjectIsBeingDeleted: "KMS_KEY_UNAVAILABLE",
  ObjectIsBeingRecovered: "KMS_KEY_UNAVAILABLE",
  ObjectIsDeletedButRecoverable: "KMS_KEY_UNAVAILABLE",
  SubscriptionDisabled: "KMS_ACCOUNT_ISSUE",
};

/** `error.code` of vaults and managed HSMs. */
export const AZURE_CODES: Readonly<Record<string, KmsErrorCode>> = {
  ...AZURE_INNER_CODES,
  Conflict: "KMS_KEY_UNAVAILABLE",
  Forbidden: "KMS_CONFIG_INVALID",
  KeyNotFound: "KMS_CONFIG_INVALID",
  NotFound: "KMS_CONFIG_INVALID",
  ReadOnlyDisabledSubscription: "KMS_ACCOUNT_ISSUE",
  ResourceNotFound: "KMS_CONFIG_INVALID",
  SubscriptionNotFound: "KMS_ACCOUNT_ISSUE",
  Throttled: "KMS_THROTTLED",
  TooManyRequests: "KMS_THROTTLED",
  Unauthorized: "KMS_AUTH_FAILED",
  VaultNotFound: "KMS_CONFIG_INVALID",
};

/** Codes for everything that is wrong with a request: what it was about tells what is meant. */
export const AZURE_BAD_REQUEST: Readonly<Record<KmsOperation, KmsErrorCode>> = {
  wrap: "KMS_CONFIG_INVALID",
  unwrap: "KMS_CIPHERTEXT_INVALID",
};

/** Numbers of Entra ID (`AADSTS…`) that do not mean "the credentials are wrong". */
export const ENTRA_NUMBERS: Readonly<Record<string, KmsErrorCode>> = {
  AADSTS50055: "KMS_AUTH_FAILED",
  AADSTS50196: "KMS_THROTTLED",
  AADSTS500011: "KMS_CONFIG_INVALID",
  AADSTS5000224: "KMS_ACCOUNT_ISSUE",
  AADSTS5000225: "KMS_ACCOUNT_ISSUE",
  AADSTS700016: "KMS_AUTH_FAILED",
  AADSTS7000112: "KMS_AUTH_FAILED",
  AADSTS7000215: "KMS_AUTH_FAILED",
  AADSTS7000222: "KMS_AUTH_FAILED",
  AADSTS90002: "KMS_AUTH_FAILED",
  AADSTS90033: "KMS_UNREACHABLE",
  AADSTS90055: "KMS_THROTTLED",
};

/** `error` of RFC 6749, for answers whose number says nothing. */
export const ENTRA_ERRORS: Readonly<Record<string, KmsErrorCode>> = {
  invalid_client: "KMS_AUTH_FAILED",
  invalid_grant: "KMS_AUTH_FAILED",
  invalid_request: "KMS_AUTH_FAILED",
  invalid_resource: "KMS_CONFIG_INVALID",
  invalid_scope: "KMS_CONFIG_INVALID",
  server_error: "KMS_UNREACHABLE",
  temporarily_unavailable: "KMS_UNREACHABLE",
  unauthorized_client: "KMS_AUTH_FAILED",
};

/** Explains an error answer of a vault. `secrets` never get into the detail. */
export function azureFault(
  { status: httpStatus, body }: HttpStatusError,
  operation: KmsOperation,
  secrets: readonly string[],
): KmsFault {
  const error = asObject(asObject(body)["error"]);
  const outer = asText(error["code"]);
  if (outer === undefined) return statusFault(httpStatus);
  const inner = innerCode(error["innererror"] ?? error["innerError"]);
  const code =
    ownEntry(AZURE_INNER_CODES, inner ?? "") ??
    ownEntry(AZURE_CODES, outer) ??
    byStatus(httpStatus, operation);
  const name = inner === undefined ? outer : `${outer} ${inner}`;
  return { code, detail: vendorText(name, error["message"], secrets), httpStatus };
}

/** Explains an error answer of Entra ID. */
export function entraFault(
  { status: httpStatus, body }: HttpStatusError,
  secrets: readonly string[],
): KmsFault {
  const answer = asObject(body);
  const error = asText(answer["error"]);
  if (error === undefined) return statusFault(httpStatus);
  const text = asText(answer["error_description"]) ?? "";
  const number = /^AADSTS\d+/.exec(text)?.[0];
  const known =
    httpStatus < 500 && httpStatus !== 429
      ? (ownEntry(ENTRA_NUMBERS, number ?? "") ??
        ownEntry(ENTRA_ERRORS, error) ??
        "KMS_AUTH_FAILED")
      : undefined;
  const code = known ?? (httpStatus === 429 ? "KMS_THROTTLED" : "KMS_UNREACHABLE");
  // The lines after the first are ids for Microsoft's support.
  const [firstLine] = text.split(/[\r\n]/, 1);
  return { code, detail: vendorText(error, firstLine, secrets), httpStatus };
}

/** The innermost code: these objects nest. */
function innerCode(inner: unknown, depth = 0): string | undefined {
  const error = asObject(inner);
  const deeper = error["innererror"] ?? error["innerError"];
  const below = deeper === undefined || depth > 3 ? undefined : innerCode(deeper, depth + 1);
  return below ?? asText(error["code"]);
}

function byStatus(httpStatus: number, operation: KmsOperation): KmsErrorCode {
  if (httpStatus >= 500) return "KMS_UNREACHABLE";
  if (httpStatus === 400) return AZURE_BAD_REQUEST[operation];
  if (httpStatus === 401) return "KMS_AUTH_FAILED";
  if (httpStatus === 402) return "KMS_ACCOUNT_ISSUE";
  if (httpStatus === 403 || httpStatus === 404) return "KMS_CONFIG_INVALID";
  return httpStatus === 429 ? "KMS_THROTTLED" : "KMS_UNKNOWN";
}
