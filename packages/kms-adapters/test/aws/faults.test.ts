import { KMSServiceException } from "@aws-sdk/client-kms";
import { describe, expect, it } from "vitest";
import { AWS_CODES, awsFault, STS_CODES } from "../../src/aws/faults.ts";
import { HttpAnswerError, HttpStatusError } from "../../src/http/errors.ts";

const ROWS = [
  ["AccessDenied", 403, "KMS_CONFIG_INVALID"],
  ["AccessDeniedException", 400, "KMS_CONFIG_INVALID"],
  ["AuthFailure", 401, "KMS_AUTH_FAILED"],
  ["BandwidthLimitExceeded", 400, "KMS_THROTTLED"],
  ["DependencyTimeoutException", 500, "KMS_UNREACHABLE"],
  ["DisabledException", 400, "KMS_KEY_UNAVAILABLE"],
  ["ExpiredToken", 403, "KMS_AUTH_FAILED"],
  ["ExpiredTokenException", 400, "KMS_AUTH_FAILED"],
  ["IncompleteSignature", 403, "KMS_AUTH_FAILED"],
  ["IncompleteSignatureException", 400, "KMS_AUTH_FAILED"],
  ["IncorrectKeyException", 400, "KMS_CIPHERTEXT_INVALID"],
  ["InternalFailure", 500, "KMS_UNREACHABLE"],
  ["InternalServerError", 500, "KMS_UNREACHABLE"],
  ["InvalidAccessKeyId", 403, "KMS_AUTH_FAILED"],
  ["InvalidArnException", 400, "KMS_CONFIG_INVALID"],
  ["InvalidCiphertextException", 400, "KMS_CIPHERTEXT_INVALID"],
  ["InvalidClientTokenId", 403, "KMS_AUTH_FAILED"],
  ["InvalidGrantTokenException", 400, "KMS_CONFIG_INVALID"],
  ["InvalidKeyUsageException", 400, "KMS_CONFIG_INVALID"],
  ["InvalidSignatureException", 400, "KMS_AUTH_FAILED"],
  ["KMSInternalException", 500, "KMS_UNREACHABLE"],
  ["KMSInvalidStateException", 400, "KMS_KEY_UNAVAILABLE"],
  ["KeyUnavailableException", 500, "KMS_UNREACHABLE"],
  ["LimitExceededException", 400, "KMS_ACCOUNT_ISSUE"],
  ["MissingAuthenticationToken", 403, "KMS_AUTH_FAILED"],
  ["MissingAuthenticationTokenException", 400, "KMS_AUTH_FAILED"],
  ["NotAuthorized", 400, "KMS_CONFIG_INVALID"],
  ["NotFoundException", 400, "KMS_CONFIG_INVALID"],
  ["OptInRequired", 403, "KMS_ACCOUNT_ISSUE"],
  ["RegionDisabledException", 403, "KMS_ACCOUNT_ISSUE"],
  ["RequestExpired", 400, "KMS_AUTH_FAILED"],
  ["RequestLimitExceeded", 400, "KMS_THROTTLED"],
  ["RequestThrottled", 400, "KMS_THROTTLED"],
  ["RequestThrottledException", 400, "KMS_THROTTLED"],
  ["RequestTimeout", 408, "KMS_TIMEOUT"],
  ["RequestTimeoutException", 408, "KMS_TIMEOUT"],
  ["ServiceUnavailable", 503, "KMS_UNREACHABLE"],
  ["ServiceUnavailableException", 503, "KMS_UNREACHABLE"],
  ["SignatureDoesNotMatch", 403, "KMS_AUTH_FAILED"],
  ["SlowDown", 503, "KMS_THROTTLED"],
  ["SubscriptionRequiredException", 400, "KMS_ACCOUNT_ISSUE"],
  ["ThrottledException", 400, "KMS_THROTTLED"],
  ["Throttling", 400, "KMS_THROTTLED"],
  ["ThrottlingException", 400, "KMS_THROTTLED"],
  ["TooManyRequestsException", 429, "KMS_THROTTLED"],
  ["UnrecognizedClientException", 400, "KMS_AUTH_FAILED"],
  ["UnsupportedOperationException", 400, "KMS_CONFIG_INVALID"],
  ["ValidationError", 400, "KMS_CONFIG_INVALID"],
  ["ValidationException", 400, "KMS_CONFIG_INVALID"],
] as const;

describe("an error of AWS", () => {
  it.for([
    ...ROWS,
    // Not in the table: the status decides.
    ["UnknownError", 400, "KMS_UNKNOWN"],
    ["NewerException", 500, "KMS_UNREACHABLE"],
    ["NewerException", 503, "KMS_UNREACHABLE"],
    ["NewerException", 429, "KMS_THROTTLED"],
    ["constructor", 400, "KMS_UNKNOWN"],
  ] as const)("%s with status %i is %s", ([name, httpStatus, code]) => {
    expect(awsFault(serviceError(name, httpStatus))).toMatchObject({ code, httpStatus });
  });

  it("has a row here for each one of the table", () => {
    expect(ROWS.map(([name]) => name).toSorted()).toEqual(Object.keys(AWS_CODES).toSorted());
  });

  it.for(Object.entries(STS_CODES))("%s is %s where a role is assumed", ([name, code]) => {
    expect(awsFault(serviceError(name, 403), STS_CODES).code).toBe(code);
  });

  it.for([
    [
      "The ciphertext refers to a customer master key that does not exist, does not exist in this " +
        "region, or you are not allowed to access.",
      "KMS_CIPHERTEXT_INVALID",
    ],
    [
      "User: arn:aws:iam::111122223333:user/tsp is not authorized to perform: kms:Decrypt on the " +
        "resource associated with this ciphertext because no identity-based policy allows it",
      "KMS_CONFIG_INVALID",
    ],
  ] as const)("is about the ciphertext or about permissions: %s", ([text, code]) => {
    expect(awsFault(serviceError("AccessDeniedException", 400, text)).code).toBe(code);
  });

  it("keeps AWS's own words", () => {
    const { detail } = awsFault(
      serviceError("DisabledException", 400, "arn:aws:kms:x is disabled."),
    );

    expect(detail).toBe("Code: DisabledException, arn:aws:kms:x is disabled");
  });

  it("leaves out the words about a refused signature, which repeat what was signed", () => {
    const text = "The canonical string: x-amz-security-token:marked-token";

    expect(awsFault(serviceError("SignatureDoesNotMatch", 403, text)).detail).toBe(
      "Code: SignatureDoesNotMatch",
    );
  });
});

describe("an error that is not AWS's", () => {
  it.for([
    [Object.assign(new Error("no"), { code: "ECONNREFUSED" }), "KMS_UNREACHABLE"],
    [Object.assign(new Error("no"), { code: "ENOTFOUND" }), "KMS_UNREACHABLE"],
    [Object.assign(new Error("no"), { code: "UND_ERR_CONNECT_TIMEOUT" }), "KMS_TIMEOUT"],
    [new HttpAnswerError("HTTP 200: the answer was cut", 200), "KMS_RESPONSE_INVALID"],
    [new HttpStatusError(502, undefined), "KMS_UNREACHABLE"],
    [new HttpStatusError(403, undefined), "KMS_RESPONSE_INVALID"],
    [new TypeError("a bug"), "KMS_UNKNOWN"],
    [undefined, "KMS_UNKNOWN"],
  ] as const)("%s is %s", ([error, code]) => {
    expect(awsFault(error).code).toBe(code);
  });
});

function serviceError(name: string, httpStatusCode: number, message = "text"): Error {
  return new KMSServiceException({
    name,
    message,
    $fault: "client",
    $metadata: { httpStatusCode },
  });
}
