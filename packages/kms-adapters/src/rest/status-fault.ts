import type { KmsErrorCode, KmsFault } from "../errors.ts";

/**
 * What a status alone says, when the body is not the vendor's error model. A 4xx of that kind was
 * not answered by the vendor's API: most likely something stands in between.
 */
export function statusFault(status: number): KmsFault {
  return { code: codeOf(status), detail: `Code: HTTP ${status}`, httpStatus: status };
}

function codeOf(status: number): KmsErrorCode {
  if (status >= 500) return "KMS_UNREACHABLE";
  if (status === 401) return "KMS_AUTH_FAILED";
  if (status === 402) return "KMS_ACCOUNT_ISSUE";
  if (status === 429) return "KMS_THROTTLED";
  if (status === 408) return "KMS_TIMEOUT";
  return "KMS_RESPONSE_INVALID";
}
