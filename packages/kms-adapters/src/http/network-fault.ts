import { DriverError } from "../driver-error.ts";
import type { KmsErrorCode, KmsFault } from "../errors.ts";
import { ownEntry } from "../own-entry.ts";

/** Codes of Node, OpenSSL and undici for "nothing of the vendor's API was heard". */
const CODES: Readonly<Record<string, KmsErrorCode>> = {
  EADDRNOTAVAIL: "KMS_UNREACHABLE",
  EAI_AGAIN: "KMS_UNREACHABLE",
  EAI_FAIL: "KMS_UNREACHABLE",
  EBADRESP: "KMS_UNREACHABLE",
  ECONNABORTED: "KMS_UNREACHABLE",
  ECONNREFUSED: "KMS_UNREACHABLE",
  ECONNRESET: "KMS_UNREACHABLE",
  EHOSTDOWN: "KMS_UNREACHABLE",
  EHOSTUNREACH: "KMS_UNREACHABLE",
  EMFILE: "KMS_UNREACHABLE",
  ENETDOWN: "KMS_UNREACHABLE",
  ENETUNREACH: "KMS_UNREACHABLE",
  ENODATA: "KMS_UNREACHABLE",
  ENOTFOUND: "KMS_UNREACHABLE",
  EPIPE: "KMS_UNREACHABLE",
  EPROTO: "KMS_UNREACHABLE",
  EREFUSED: "KMS_UNREACHABLE",
  ESERVFAIL: "KMS_UNREACHABLE",
  ETIMEDOUT: "KMS_TIMEOUT",
  ETIMEOUT: "KMS_TIMEOUT",
  UND_ERR_BODY_TIMEOUT: "KMS_TIMEOUT",
  UND_ERR_CLOSED: "KMS_UNREACHABLE",
  UND_ERR_CONNECT_TIMEOUT: "KMS_TIMEOUT",
  UND_ERR_DESTROYED: "KMS_UNREACHABLE",
  UND_ERR_HEADERS_TIMEOUT: "KMS_TIMEOUT",
  UND_ERR_SOCKET: "KMS_UNREACHABLE",
  // Verdicts of OpenSSL about a certificate carry no common prefix.
  CERT_CHAIN_TOO_LONG: "KMS_UNREACHABLE",
  CERT_HAS_EXPIRED: "KMS_UNREACHABLE",
  CERT_NOT_YET_VALID: "KMS_UNREACHABLE",
  CERT_REJECTED: "KMS_UNREACHABLE",
  CERT_REVOKED: "KMS_UNREACHABLE",
  CERT_SIGNATURE_FAILURE: "KMS_UNREACHABLE",
  CERT_UNTRUSTED: "KMS_UNREACHABLE",
  DEPTH_ZERO_SELF_SIGNED_CERT: "KMS_UNREACHABLE",
  HOSTNAME_MISMATCH: "KMS_UNREACHABLE",
  INVALID_CA: "KMS_UNREACHABLE",
  INVALID_PURPOSE: "KMS_UNREACHABLE",
  SELF_SIGNED_CERT_IN_CHAIN: "KMS_UNREACHABLE",
  UNABLE_TO_GET_ISSUER_CERT: "KMS_UNREACHABLE",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "KMS_UNREACHABLE",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "KMS_UNREACHABLE",
};

const TLS_PREFIX = /^ERR_(?:TLS|SSL)_/;
const MAX_DEPTH = 5;

/**
 * Explains failures that no vendor had a part in: refused, not found, timed out, TLS, a forbidden
 * address. Undefined for everything else. Looks into `cause` and `AggregateError`, since SDKs wrap.
 */
export function networkFault(error: unknown): KmsFault | undefined {
  let current = error;
  for (let depth = 0; depth < MAX_DEPTH && current instanceof Error; depth += 1) {
    if (current instanceof DriverError) return current.fault;
    // A deadline of our own, such as that of a log-in which many calls wait for.
    if (current.name === "TimeoutError") return { code: "KMS_TIMEOUT" };
    const fault = byCode("code" in current ? String(current.code) : "");
    if (fault !== undefined) return fault;
    current = current instanceof AggregateError ? current.errors[0] : current.cause;
  }
  return undefined;
}

function byCode(code: string): KmsFault | undefined {
  const known = ownEntry(CODES, code) ?? (TLS_PREFIX.test(code) ? "KMS_UNREACHABLE" : undefined);
  return known && { code: known, detail: `Code: ${code}` };
}
