import { describe, expect, it } from "vitest";
import { DriverError } from "../../src/index.ts";
import { HttpStatusError } from "../../src/http/errors.ts";
import { errorText, explained, faultOf, vaultFault } from "../../src/vault/faults.ts";

describe("an answer of the transit engine", () => {
  it.for([
    [400, "encryption key not found", "KMS_CONFIG_INVALID"],
    [400, "no existing key named k1 could be found", "KMS_CONFIG_INVALID"],
    [400, "message encryption not supported for key type ed25519", "KMS_CONFIG_INVALID"],
    [400, "missing 'context' for key derivation; the key was created", "KMS_CONFIG_INVALID"],
    [400, "", "KMS_CONFIG_INVALID"],
    [
      400,
      "ciphertext or signature version is disallowed by policy (too old)",
      "KMS_KEY_UNAVAILABLE",
    ],
    [400, "key is soft deleted", "KMS_KEY_UNAVAILABLE"],
    [400, "cipher: message authentication failed", "KMS_CIPHERTEXT_INVALID"],
    [400, "invalid ciphertext: no prefix", "KMS_CIPHERTEXT_INVALID"],
    [400, "invalid ciphertext: version is too new", "KMS_CIPHERTEXT_INVALID"],
    [400, "invalid ciphertext: could not decode base64", "KMS_CIPHERTEXT_INVALID"],
    [400, "invalid ciphertext: unable to decrypt", "KMS_CIPHERTEXT_INVALID"],
    [400, "invalid ciphertext length", "KMS_CIPHERTEXT_INVALID"],
    [400, "illegal base64 data at input byte 0", "KMS_CIPHERTEXT_INVALID"],
    [403, "permission denied", "KMS_AUTH_FAILED"],
    [403, "permission denied; invalid token", "KMS_AUTH_FAILED"],
    [404, 'no handler for route "x". route entry not found.', "KMS_CONFIG_INVALID"],
    [405, "unsupported operation", "KMS_CONFIG_INVALID"],
    [412, "required index state not present", "KMS_UNREACHABLE"],
    [418, "teapot", "KMS_RESPONSE_INVALID"],
    [429, "request path is over its rate limit quota", "KMS_THROTTLED"],
    [472, "", "KMS_UNREACHABLE"],
    [473, "", "KMS_UNREACHABLE"],
    [500, "internal error", "KMS_UNREACHABLE"],
    [502, "", "KMS_UNREACHABLE"],
    [503, "Vault is sealed", "KMS_UNREACHABLE"],
  ] as const)("%i '%s' is %s", ([status, text, code]) => {
    expect(vaultFault("transit", status, text)).toMatchObject({ code, httpStatus: status });
  });
});

describe("an answer to a log-in", () => {
  it.for([
    [400, "invalid role or secret ID", "KMS_AUTH_FAILED"],
    [400, "error validating token: token is expired", "KMS_AUTH_FAILED"],
    [400, "could not load configuration", "KMS_AUTH_FAILED"],
    [401, "", "KMS_AUTH_FAILED"],
    [403, "permission denied", "KMS_AUTH_FAILED"],
    [404, "unsupported path", "KMS_CONFIG_INVALID"],
    [405, "unsupported operation", "KMS_CONFIG_INVALID"],
    [412, "", "KMS_UNREACHABLE"],
    [429, "too many requests", "KMS_THROTTLED"],
    [472, "", "KMS_UNREACHABLE"],
    [473, "", "KMS_UNREACHABLE"],
    [503, "Vault is sealed", "KMS_UNREACHABLE"],
  ] as const)("%i '%s' is %s", ([status, text, code]) => {
    expect(vaultFault("login", status, text)).toMatchObject({ code, httpStatus: status });
  });
});

describe("the wording", () => {
  it.for([
    [{ errors: ["permission denied"] }, "permission denied"],
    [
      { errors: ["2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"] },
      "permission denied; invalid token",
    ],
    [{ errors: ["a", 1, "b"] }, "a; b"],
    [{ errors: [] }, ""],
    [{ errors: "text" }, ""],
    [{}, ""],
    [undefined, ""],
    ["text", ""],
  ] as const)("of %j is '%s'", ([body, text]) => {
    expect(errorText(body)).toBe(text);
  });

  it("follows the status, on one line of printable text", () => {
    const { detail } = vaultFault("transit", 400, "bad\r\nx-injected: \u001b[31m1");

    expect(detail).toBe("Code: HTTP 400, bad x-injected: [31m1");
  });

  it("is cut when it is long", () => {
    expect(vaultFault("transit", 400, "x".repeat(5_000)).detail?.length).toBeLessThan(400);
  });

  it("is left out when it repeats a secret", () => {
    const { detail } = vaultFault("transit", 403, "token hvs.secret is bad", ["hvs.secret"]);

    expect(detail).toBe("Code: HTTP 403");
  });
});

describe("an error", () => {
  it("with a status is explained, its cause kept", () => {
    const cause = new HttpStatusError(403, { errors: ["permission denied"] });

    const error = explained("transit", cause, []);

    expect(error).toBeInstanceOf(DriverError);
    expect(error).toMatchObject({ cause, fault: { code: "KMS_AUTH_FAILED" } });
  });

  it.for([
    [Object.assign(new Error("no"), { code: "ECONNREFUSED" }), "KMS_UNREACHABLE"],
    [Object.assign(new Error("no"), { code: "ENOTFOUND" }), "KMS_UNREACHABLE"],
    [Object.assign(new Error("no"), { code: "CERT_HAS_EXPIRED" }), "KMS_UNREACHABLE"],
    [Object.assign(new Error("no"), { code: "UND_ERR_CONNECT_TIMEOUT" }), "KMS_TIMEOUT"],
    [new TypeError("a bug"), "KMS_UNKNOWN"],
    ["text", "KMS_UNKNOWN"],
    [undefined, "KMS_UNKNOWN"],
  ] as const)("without a status is what the network says: %s", ([error, code]) => {
    expect(explained("transit", error, [])).toBe(error);
    expect(faultOf(error).code).toBe(code);
  });
});
