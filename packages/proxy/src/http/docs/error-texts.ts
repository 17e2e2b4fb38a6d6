import type { StatusName } from "../../status.ts";

export interface ErrorText {
  readonly meaning: string;
  readonly remedy: string;
}

/** What each code tells the reader of `docs/errors.md`. */
export const ERROR_TEXTS: Readonly<Record<StatusName, ErrorText>> = {
  UNKNOWN_ERROR: {
    meaning:
      "Something failed that no other code describes, or the configuration is too old; with HTTP " +
      "status 503 the proxy has no room or no time for the request",
    remedy:
      "Look for the request's `x-ray-id` in the proxy's log; at 503 send it again after `Retry-After`",
  },
  UNAUTHORIZED_REQUEST: {
    meaning: "The API key is missing, unknown, sent twice, or not in the form `cmk <API key>`",
    remedy: "Give the client one of the proxy's API keys",
  },
  INVALID_REQUEST_BODY: {
    meaning: "The body is not what the endpoint takes, or the request is not right as HTTP",
    remedy: "Correct what the message names; the HTTP status tells the kinds apart",
  },
  NO_PRIMARY_KMS_CONFIGURATION: {
    meaning: "The tenant has active KMS configurations, but none to wrap with",
    remedy: "Make one of the tenant's configurations the primary one",
  },
  UNKNOWN_TENANT: {
    meaning: "The tenant is unknown, or has no active KMS configuration",
    remedy: "Check the tenant id; give the tenant an active configuration",
  },
  KMS_CONFIGURATION_DISABLED: {
    meaning: "The KMS configuration that wrapped this key is not active any more",
    remedy: "Activate it again for as long as keys wrapped with it are needed",
  },
  INVALID_PROVIDED_EDEK: {
    meaning: "The EDEK cannot be decoded, or does not belong to this tenant",
    remedy: "Send the EDEK as it was given back, under the tenant it was made for",
  },
  KMS_WRAP_FAILED: {
    meaning: "The KMS answered a wrap with something that cannot be used",
    remedy: "Read the vendor's text in the message",
  },
  KMS_UNWRAP_FAILED: {
    meaning: "The KMS does not take this ciphertext, or answered with something unusable",
    remedy: "Read the vendor's text in the message; the data may belong to another key",
  },
  KMS_AUTHORIZATION_FAILED: {
    meaning: "The KMS does not accept the tenant's credentials",
    remedy: "Have the tenant renew them",
  },
  KMS_CONFIGURATION_INVALID: {
    meaning: "The KMS configuration cannot be used as written, or lacks a permission on its key",
    remedy: "Run `tenant-security-proxy verify`: it names what is missing",
  },
  KMS_UNREACHABLE: {
    meaning: "The KMS did not answer in time, also not at the second attempt",
    remedy: "Try again; check the network between the proxy and the KMS",
  },
  KMS_THROTTLED: {
    meaning: "The KMS limits the tenant's rate, or too many calls to it are waiting",
    remedy: "Try again more slowly; consider leasing for this tenant",
  },
  KMS_ACCOUNT_ISSUE: {
    meaning: "Something is wrong with the tenant's account at the vendor, such as its billing",
    remedy: "Have the tenant settle it with the vendor",
  },
  SECURITY_EVENT_REJECTED: {
    meaning: "The security event could not be queued, and the proxy requires that it is",
    remedy: "See that an event reader is connected and keeps up",
  },
  SECRET_CREATION_FAILED: {
    meaning: "A tenant secret was needed for the first time and could not be made",
    remedy: "Read the message; a tenant without an active configuration cannot have secrets",
  },
};

/** HTTP statuses of code 102, other than its own 400. */
export const HTTP_TEXTS: Readonly<Record<number, string>> = {
  404: "There is no such endpoint",
  405: "The endpoint takes another method; `Allow` says which",
  408: "The request did not arrive in time",
  413: "The body, the batch or the security event is too large",
  415: "The content type or the content coding is not served",
  417: "An expectation other than `100-continue`",
  431: "The headers are longer than 64 KiB",
};
