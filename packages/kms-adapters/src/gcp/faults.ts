import type { KmsErrorCode, KmsFault, KmsOperation } from "../errors.ts";
import type { HttpStatusError } from "../http/errors.ts";
import { vendorText } from "../http/vendor-text.ts";
import { ownEntry } from "../own-entry.ts";
import { asObject, asObjects, asText, type JsonObject } from "../rest/json.ts";
import { statusFault } from "../rest/status-fault.ts";

/** `google.rpc.ErrorInfo.reason`: the most exact word, where there is one. */
export const GCP_REASONS: Readonly<Record<string, KmsErrorCode>> = {
  ACCESS_TOKEN_EXPIRED: "KMS_AUTH_FAILED",
  ACCESS_TOKEN_SCOPE_INSUFFICIENT: "KMS_AUTH_FAILED",
  ACCESS_TOKEN_TYPE_UNSUPPORTED: "KMS_AUTH_FAILED",
  ACCOUNT_STATE_INVALID: "KMS_AUTH_FAILED",
  BILLING_DISABLED: "KMS_ACCOUNT_ISSUE",
  CONSUMER_INVALID: "KMS_CONFIG_INVALID",
  CONSUMER_SUSPENDED: "KMS_ACCOUNT_ISSUE",
  CREDENTIALS_MISSING: "KMS_AUTH_FAILED",
  IAM_PERMISSION_DENIED: "KMS_CONFIG_INVALID",
  LOCATION_ORG_POLICY_VIOLATED: "KMS_CONFIG_INVALID",
  RATE_LIMIT_EXCEEDED: "KMS_THROTTLED",
  RESOURCE_PROJECT_INVALID: "KMS_CONFIG_INVALID",
  RESOURCE_QUOTA_EXCEEDED: "KMS_ACCOUNT_ISSUE",
  SECURITY_POLICY_VIOLATED: "KMS_CONFIG_INVALID",
  SERVICE_DISABLED: "KMS_ACCOUNT_ISSUE",
};

/** `google.rpc.Code`, as REST answers spell it. */
export const GCP_STATUSES: Readonly<Record<string, KmsErrorCode>> = {
  ABORTED: "KMS_UNREACHABLE",
  CANCELLED: "KMS_UNREACHABLE",
  DEADLINE_EXCEEDED: "KMS_TIMEOUT",
  FAILED_PRECONDITION: "KMS_KEY_UNAVAILABLE",
  INTERNAL: "KMS_UNREACHABLE",
  NOT_FOUND: "KMS_CONFIG_INVALID",
  PERMISSION_DENIED: "KMS_CONFIG_INVALID",
  RESOURCE_EXHAUSTED: "KMS_THROTTLED",
  UNAUTHENTICATED: "KMS_AUTH_FAILED",
  UNAVAILABLE: "KMS_UNREACHABLE",
};

/** Account trouble of answers that carry no reason. */
const GCP_TEXTS: readonly (readonly [RegExp, KmsErrorCode])[] = [
  [/billing/i, "KMS_ACCOUNT_ISSUE"],
  [/API has not been used|API .*disabled/i, "KMS_ACCOUNT_ISSUE"],
];

/** `google.rpc.Code` of answers that name none. */
const STATUS_OF_HTTP: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  409: "ABORTED",
  429: "RESOURCE_EXHAUSTED",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

/** One status for all that is wrong with a request; its text tells what. First match wins. */
const GCP_INVALID_ARGUMENT: readonly (readonly [RegExp, KmsOperation | "any", KmsErrorCode])[] = [
  // The bytes changed on their way: worth another try.
  [/checksum in field/i, "any", "KMS_UNREACHABLE"],
  [/concerns location|location .*(?:not|in)valid|purpose/i, "any", "KMS_CONFIG_INVALID"],
  [/./s, "wrap", "KMS_CONFIG_INVALID"],
  [/./s, "unwrap", "KMS_CIPHERTEXT_INVALID"],
];

/** `error` of the token service (RFC 6749, and Google's own words). */
export const GCP_TOKEN_ERRORS: Readonly<Record<string, KmsErrorCode>> = {
  access_denied: "KMS_AUTH_FAILED",
  account_disabled: "KMS_AUTH_FAILED",
  deleted_client: "KMS_AUTH_FAILED",
  disabled_client: "KMS_AUTH_FAILED",
  internal_failure: "KMS_UNREACHABLE",
  invalid_client: "KMS_AUTH_FAILED",
  invalid_grant: "KMS_AUTH_FAILED",
  invalid_request: "KMS_AUTH_FAILED",
  invalid_scope: "KMS_AUTH_FAILED",
  rate_limit_exceeded: "KMS_THROTTLED",
  server_error: "KMS_UNREACHABLE",
  slow_down: "KMS_THROTTLED",
  temporarily_unavailable: "KMS_UNREACHABLE",
  unauthorized_client: "KMS_AUTH_FAILED",
};

/** Explains an error answer of Cloud KMS. `secrets` never get into the detail. */
export function gcpFault(
  { status: httpStatus, body }: HttpStatusError,
  operation: KmsOperation,
  secrets: readonly string[],
): KmsFault {
  const error = asObject(asObject(body)["error"]);
  const message = asText(error["message"]);
  const status = asText(error["status"]) ?? (message && STATUS_OF_HTTP[httpStatus]);
  if (!status) return statusFault(httpStatus);
  const exact = exactWord(error);
  const code =
    ownEntry(GCP_REASONS, exact ?? "") ?? byStatus(status, message ?? "", operation, httpStatus);
  const name = exact === undefined ? status : `${status} ${exact}`;
  return { code, detail: vendorText(name, message, secrets), httpStatus };
}

/** Explains an error answer of the token service. */
export function gcpTokenFault(
  { status: httpStatus, body }: HttpStatusError,
  secrets: readonly string[],
): KmsFault {
  const answer = asObject(body);
  const error = asText(answer["error"]);
  if (error === undefined) return statusFault(httpStatus);
  const known =
    httpStatus < 500 && httpStatus !== 429 ? ownEntry(GCP_TOKEN_ERRORS, error) : undefined;
  const code = known ?? (httpStatus < 429 ? "KMS_AUTH_FAILED" : byClass(httpStatus));
  return { code, detail: vendorText(error, answer["error_description"], secrets), httpStatus };
}

/** Reason of an `ErrorInfo`, or type of a violation such as `KEY_DISABLED`. */
function exactWord({ details }: JsonObject): string | undefined {
  for (const detail of asObjects(details)) {
    const reason = asText(detail["reason"]);
    if (reason !== undefined) return reason;
    const [violation] = asObjects(detail["violations"]);
    const type = asText(violation?.["type"]);
    if (type !== undefined) return type;
  }
  return undefined;
}

function byStatus(
  status: string,
  message: string,
  operation: KmsOperation,
  httpStatus: number,
): KmsErrorCode {
  if (status === "INVALID_ARGUMENT") return invalidArgument(message, operation);
  if (status === "PERMISSION_DENIED" || status === "FAILED_PRECONDITION") {
    const row = GCP_TEXTS.find(([pattern]) => pattern.test(message));
    if (row) return row[1];
  }
  return ownEntry(GCP_STATUSES, status) ?? byClass(httpStatus);
}

function invalidArgument(message: string, operation: KmsOperation): KmsErrorCode {
  const row = GCP_INVALID_ARGUMENT.find(
    ([pattern, when]) => (when === "any" || when === operation) && pattern.test(message),
  );
  return row?.[2] ?? (operation === "wrap" ? "KMS_CONFIG_INVALID" : "KMS_CIPHERTEXT_INVALID");
}

function byClass(httpStatus: number): KmsErrorCode {
  if (httpStatus >= 500) return "KMS_UNREACHABLE";
  return httpStatus === 429 ? "KMS_THROTTLED" : "KMS_UNKNOWN";
}
