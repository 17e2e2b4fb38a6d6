import { DriverError } from "../driver-error.ts";
import { asObject, asText } from "./json.ts";
import type { AccessToken } from "./token-cache.ts";

const PRINTABLE = /^[\u0021-\u007e]{1,65536}$/;
const MAX_LIFETIME_S = 86_400;

/**
 * Reads a token out of a successful answer.
 * @throws DriverError `KMS_RESPONSE_INVALID` when there is none that a header could carry
 */
export function readToken(body: unknown, valueName: string, lifetimeName: string): AccessToken {
  const answer = asObject(body);
  const value = asText(answer[valueName]);
  // Some token services send the number as text.
  const seconds = Number(answer[lifetimeName]);
  if (value === undefined || !PRINTABLE.test(value) || !(seconds > 0)) {
    const detail = "the token service answered without a usable token";
    throw new DriverError({ code: "KMS_RESPONSE_INVALID", detail, httpStatus: 200 });
  }
  return { value, lifetimeMs: Math.min(seconds, MAX_LIFETIME_S) * 1_000 };
}
