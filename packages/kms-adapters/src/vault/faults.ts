import { DriverError } from "../driver-error.ts";
import type { KmsErrorCode, KmsFault } from "../errors.ts";
import { HttpStatusError } from "../http/errors.ts";
import { networkFault } from "../http/network-fault.ts";
import { vendorText } from "../http/vendor-text.ts";
import { asObject, asText } from "../rest/json.ts";

/** What was asked: the transit engine, or an auth method. */
export type VaultPart = "transit" | "login";

/** First row that fits wins; a row without a pattern fits any wording. */
type Row = readonly [status: number, code: KmsErrorCode, text?: RegExp];

const ROWS: Readonly<Record<VaultPart, readonly Row[]>> = {
  transit: [
    [400, "KMS_CONFIG_INVALID", /encryption key not found/],
    [400, "KMS_KEY_UNAVAILABLE", /disallowed by policy|soft[- ]deleted/],
    [400, "KMS_CIPHERTEXT_INVALID", /ciphertext|message authentication failed|base64/],
    [400, "KMS_CONFIG_INVALID"],
    [403, "KMS_AUTH_FAILED"],
    [404, "KMS_CONFIG_INVALID"],
    [405, "KMS_CONFIG_INVALID"],
    // A standby that has not yet seen what the active node wrote.
    [412, "KMS_UNREACHABLE"],
    [429, "KMS_THROTTLED"],
    // Standby nodes of a replicated cluster that serve no requests.
    [472, "KMS_UNREACHABLE"],
    [473, "KMS_UNREACHABLE"],
  ],
  login: [
    [400, "KMS_AUTH_FAILED"],
    [401, "KMS_AUTH_FAILED"],
    [403, "KMS_AUTH_FAILED"],
    [404, "KMS_CONFIG_INVALID"],
    [405, "KMS_CONFIG_INVALID"],
    [412, "KMS_UNREACHABLE"],
    [429, "KMS_THROTTLED"],
    [472, "KMS_UNREACHABLE"],
    [473, "KMS_UNREACHABLE"],
  ],
};

/** Explains an answer of Vault's own error model: `{ errors: [text] }`. */
export function vaultFault(
  part: VaultPart,
  status: number,
  text: string,
  secrets: readonly string[] = [],
): KmsFault {
  const row = ROWS[part].find(([at, , pattern]) => at === status && (pattern?.test(text) ?? true));
  const code = row?.[1] ?? (status >= 500 ? "KMS_UNREACHABLE" : "KMS_RESPONSE_INVALID");
  return { code, detail: vendorText(`HTTP ${status}`, text, secrets), httpStatus: status };
}

/** The wording of an error answer, without Vault's own counting and bullets. */
export function errorText(body: unknown): string {
  const { errors } = asObject(body);
  const texts = Array.isArray(errors) ? errors.map((error) => asText(error) ?? "") : [];
  return texts
    .flatMap((text) => text.replace(/^\d+ errors? occurred:/, "").split("\n\t* "))
    .map((text) => text.trim())
    .filter((text) => text !== "")
    .join("; ");
}

/** Turns an error answer into what `Kms` understands at once; lets every other error pass. */
export function explained(part: VaultPart, error: unknown, secrets: readonly string[]): unknown {
  if (!(error instanceof HttpStatusError)) return error;
  const fault = vaultFault(part, error.status, errorText(error.body), secrets);
  return new DriverError(fault, { cause: error });
}

export function faultOf(error: unknown): KmsFault {
  return networkFault(error) ?? { code: "KMS_UNKNOWN" };
}
