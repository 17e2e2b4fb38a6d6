import { describe, expect, it } from "vitest";
import { DriverError } from "../../src/index.ts";
import { AddressError } from "../../src/http/errors.ts";
import { networkFault } from "../../src/http/network-fault.ts";

describe("a failure of the network", () => {
  it.for([
    ["EADDRNOTAVAIL", "KMS_UNREACHABLE"],
    ["EAI_AGAIN", "KMS_UNREACHABLE"],
    ["EAI_FAIL", "KMS_UNREACHABLE"],
    ["ECONNABORTED", "KMS_UNREACHABLE"],
    ["ECONNREFUSED", "KMS_UNREACHABLE"],
    ["ECONNRESET", "KMS_UNREACHABLE"],
    ["EHOSTDOWN", "KMS_UNREACHABLE"],
    ["EHOSTUNREACH", "KMS_UNREACHABLE"],
    ["EMFILE", "KMS_UNREACHABLE"],
    ["ENETDOWN", "KMS_UNREACHABLE"],
    ["ENETUNREACH", "KMS_UNREACHABLE"],
    ["ENOTFOUND", "KMS_UNREACHABLE"],
    ["EPIPE", "KMS_UNREACHABLE"],
    ["EPROTO", "KMS_UNREACHABLE"],
    ["ETIMEDOUT", "KMS_TIMEOUT"],
    ["UND_ERR_BODY_TIMEOUT", "KMS_TIMEOUT"],
    ["UND_ERR_CLOSED", "KMS_UNREACHABLE"],
    ["UND_ERR_CONNECT_TIMEOUT", "KMS_TIMEOUT"],
    ["UND_ERR_DESTROYED", "KMS_UNREACHABLE"],
    ["UND_ERR_HEADERS_TIMEOUT", "KMS_TIMEOUT"],
    ["UND_ERR_SOCKET", "KMS_UNREACHABLE"],
    ["CERT_CHAIN_TOO_LONG", "KMS_UNREACHABLE"],
    ["CERT_HAS_EXPIRED", "KMS_UNREACHABLE"],
    ["CERT_NOT_YET_VALID", "KMS_UNREACHABLE"],
    ["CERT_REJECTED", "KMS_UNREACHABLE"],
    ["CERT_REVOKED", "KMS_UNREACHABLE"],
    ["CERT_SIGNATURE_FAILURE", "KMS_UNREACHABLE"],
    ["CERT_UNTRUSTED", "KMS_UNREACHABLE"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "KMS_UNREACHABLE"],
    ["HOSTNAME_MISMATCH", "KMS_UNREACHABLE"],
    ["INVALID_CA", "KMS_UNREACHABLE"],
    ["INVALID_PURPOSE", "KMS_UNREACHABLE"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "KMS_UNREACHABLE"],
    ["UNABLE_TO_GET_ISSUER_CERT", "KMS_UNREACHABLE"],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "KMS_UNREACHABLE"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "KMS_UNREACHABLE"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "KMS_UNREACHABLE"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "KMS_UNREACHABLE"],
    ["ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", "KMS_UNREACHABLE"],
  ] as const)("%s is %s", ([code, expected]) => {
    expect(networkFault(withCode(code))).toEqual({ code: expected, detail: `Code: ${code}` });
  });

  it("is found under what an SDK made of it", () => {
    const wrapped = new Error("SDK", {
      cause: new TypeError("fetch", { cause: withCode("EPIPE") }),
    });

    expect(networkFault(wrapped)?.code).toBe("KMS_UNREACHABLE");
  });

  it("is found among the addresses that were tried", () => {
    const tried = new AggregateError([withCode("ECONNREFUSED"), withCode("ETIMEDOUT")]);

    expect(networkFault(tried)?.code).toBe("KMS_UNREACHABLE");
    expect(networkFault(new AggregateError([]))).toBeUndefined();
  });

  it("is a deadline that passed", async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const signal = AbortSignal.timeout(1);
    signal.addEventListener("abort", () => resolve(signal.reason));

    expect(networkFault(await promise)?.code).toBe("KMS_TIMEOUT");
  });

  it("is an address that must not be connected to", () => {
    const error = new Error("SDK", { cause: new AddressError("the host is inside") });

    expect(networkFault(error)).toEqual({
      code: "KMS_CONFIG_INVALID",
      detail: "the host is inside",
    });
  });

  it("is what a driver has explained already", () => {
    const fault = { code: "KMS_THROTTLED" } as const;

    expect(networkFault(new DriverError(fault))).toBe(fault);
  });

  it.for([
    new Error("other"),
    withCode("ENOENT"),
    withCode("constructor"),
    { code: "ECONNREFUSED" },
    "ECONNREFUSED",
    undefined,
    null,
  ])("is nothing else: %s", (error) => {
    expect(networkFault(error)).toBeUndefined();
  });

  it("ends in a circle of causes", () => {
    const error = new Error("round");
    error.cause = error;

    expect(networkFault(error)).toBeUndefined();
  });
});

function withCode(code: string): Error {
  return Object.assign(new Error(code), { code });
}
