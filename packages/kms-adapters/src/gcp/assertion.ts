import { type KeyObject, sign } from "node:crypto";

export interface AssertionClaims {
  readonly email: string;
  readonly scope: string;
  readonly audience: string;
}

const HEADER = encode({ alg: "RS256", typ: "JWT" });
const LIFETIME_S = 3_600;
// Google refuses what was issued in its future.
const SKEW_S = 10;

/** The JWT (RFC 7523) with which a service account asks for an access token. */
export function signAssertion(key: KeyObject, claims: AssertionClaims, nowMs: number): string {
  const iat = Math.floor(nowMs / 1_000) - SKEW_S;
  const { email: iss, scope, audience: aud } = claims;
  const input = `${HEADER}.${encode({ iss, scope, aud, iat, exp: iat + LIFETIME_S })}`;
  return `${input}.${sign("sha256", Buffer.from(input), key).toString("base64url")}`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
