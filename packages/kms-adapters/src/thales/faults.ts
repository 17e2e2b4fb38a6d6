import type { KmsErrorCode, KmsFault, KmsOperation } from "../errors.ts";
import type { HttpStatusError } from "../http/errors.ts";
import { vendorText } from "../http/vendor-text.ts";
import { ownEntry } from "../own-entry.ts";
import { asObject, asText } from "../rest/json.ts";
import { statusFault } from "../rest/status-fault.ts";

/** First word of `codeDesc`. */
export const THALES_CODES: Readonly<Record<string, KmsErrorCode>> = {
  NCERRAuthFailed: "KMS_AUTH_FAILED",
  NCERRForbidden: "KMS_CONFIG_INVALID",
  NCERRInsufficientPermissions: "KMS_CONFIG_INVALID",
  NCERRInvalidToken: "KMS_AUTH_FAILED",
  NCERRNotFound: "KMS_CONFIG_INVALID",
  NCERRResourceNotFound: "KMS_CONFIG_INVALID",
  NCERRTooManyRequests: "KMS_THROTTLED",
  NCERRUnauthorized: "KMS_AUTH_FAILED",
  NCERRUnauthorizedAccess: "KMS_AUTH_FAILED",
};

/** Words of `codeDesc` and `message` that say more than the code. First match wins. */
const THALES_TEXTS: readonly (readonly [RegExp, KmsErrorCode])[] = [
  [/licen[cs]e/i, "KMS_ACCOUNT_ISSUE"],
  [/\b(?:(?:not|in|pre)[ -]?active|deactivated|disabled)\b/i, "KMS_KEY_UNAVAILABLE"],
  [/\b(?:compromised|destroyed|archived|revoked)\b/i, "KMS_KEY_UNAVAILABLE"],
  [
    /\bkey (?:has )?expired|key state|protect ?stop|process ?(?:start|stop)/i,
    "KMS_KEY_UNAVAILABLE",
  ],
  [/\bkey usage|usage ?mask/i, "KMS_CONFIG_INVALID"],
];

/** Everything that is wrong with a request: what it was about tells what is meant. */
export const THALES_BAD_REQUEST: Readonly<Record<KmsOperation, KmsErrorCode>> = {
  wrap: "KMS_CONFIG_INVALID",
  unwrap: "KMS_CIPHERTEXT_INVALID",
};

/** Explains an error answer of the crypto service. `secrets` never get into the detail. */
export function thalesFault(
  error: HttpStatusError,
  operation: KmsOperation,
  secrets: readonly string[],
): KmsFault {
  const { status: httpStatus } = error;
  const said = readError(error);
  if (said === undefined) return statusFault(httpStatus);
  const { name, text } = said;
  const word =
    httpStatus < 500 && httpStatus !== 401 ? byText(`${wordsOf(name)} ${text}`) : undefined;
  const code = word ?? ownEntry(THALES_CODES, name) ?? byStatus(httpStatus, operation);
  return { code, detail: vendorText(name, text, secrets), httpStatus };
}

/** Explains an error answer to a login. */
export function thalesLoginFault(error: HttpStatusError, secrets: readonly string[]): KmsFault {
  const { status: httpStatus } = error;
  const said = readError(error);
  if (said === undefined) return statusFault(httpStatus);
  const { name, text } = said;
  return { code: loginCode(httpStatus, text), detail: vendorText(name, text, secrets), httpStatus };
}

function loginCode(httpStatus: number, text: string): KmsErrorCode {
  if (httpStatus >= 500) return "KMS_UNREACHABLE";
  if (httpStatus === 429) return "KMS_THROTTLED";
  return /licen[cs]e/i.test(text) ? "KMS_ACCOUNT_ISSUE" : "KMS_AUTH_FAILED";
}

/** `{ code: 16, codeDesc: "NCERRResourceNotFound: …", message?: "…" }` */
function readError({ body }: HttpStatusError): { name: string; text: string } | undefined {
  const { code, codeDesc, message } = asObject(body);
  const described = asText(codeDesc);
  const text = asText(message);
  if (described === undefined && text === undefined) return undefined;
  const { name, rest } = /^(?<name>NCERR\w*):?\s*(?<rest>.*)$/s.exec(described ?? "")?.groups ?? {};
  const fallback = typeof code === "number" ? `NCERR ${code}` : "NCERR";
  const words = [name === undefined ? described : rest, text];
  return { name: name ?? fallback, text: words.filter(Boolean).join(": ") };
}

/** `NCERRKeyNotActive` in words. */
function wordsOf(name: string): string {
  return name.replace(/^NCERR/, "").replace(/(?<=[a-z])(?=[A-Z])/g, " ");
}

function byText(text: string): KmsErrorCode | undefined {
  return THALES_TEXTS.find(([pattern]) => pattern.test(text))?.[1];
}

function byStatus(httpStatus: number, operation: KmsOperation): KmsErrorCode {
  if (httpStatus >= 500) return "KMS_UNREACHABLE";
  if (httpStatus === 401) return "KMS_AUTH_FAILED";
  if (httpStatus === 402) return "KMS_ACCOUNT_ISSUE";
  if (httpStatus === 403 || httpStatus === 404) return "KMS_CONFIG_INVALID";
  if (httpStatus === 409) return "KMS_KEY_UNAVAILABLE";
  if (httpStatus === 429) return "KMS_THROTTLED";
  return THALES_BAD_REQUEST[operation];
}
