/**
 * Every label value a metric may carry. A tenant id, a key or an address is never one of them:
 * whoever reads the metrics must learn nothing about the tenants, and the number of series must
 * not grow with them.
 */
export const LABEL_VALUES = {
  /** The route, not the path as sent, so that callers cannot invent values. */
  endpoint: [
    "/api/1/document/wrap",
    "/api/1/document/unwrap",
    "/api/1/document/batch-wrap",
    "/api/1/document/batch-unwrap",
    "/api/1/document/rekey",
    "/api/1/document/report-operations",
    "/api/1/key/derive-with-secret-path",
    "/api/1/event/security-event",
    "/metrics",
    "other",
  ],
  kmsType: ["AWS", "GCP", "AZURE", "THALES", "VAULT", "LOCAL", "none"],
  /** 0 on success, otherwise the `code` of the answer's body. */
  tspStatusCode: [
    0, 100, 101, 102, 200, 201, 202, 203, 204, 205, 206, 207, 208, 209, 210, 301, 401,
  ],
  /** What there was no room for, or no time. */
  shedReason: ["delay", "in_flight", "batch_items", "body_bytes", "connections", "pipelining"],
  batchState: ["under_way", "waiting"],
  kmsOperation: ["wrap", "unwrap"],
  keyOperation: ["wrap", "unwrap", "lease_wrap", "lease_unwrap", "secret_wrap", "secret_unwrap"],
  /** The reasons of `@tenant-security/event-queue`. */
  eventDropReason: [
    "QUEUE_FULL",
    "BYTES_FULL",
    "EVENT_TOO_LARGE",
    "SEND_TIMEOUT",
    "SEND_FAILED",
    "CLOSED",
  ],
  breakerState: ["closed", "open", "half_open"],
  leaseOrigin: ["minted", "unwrapped"],
  leaseLookup: ["hit", "miss"],
  leaseRevocation: ["access_denied", "key_unavailable", "configuration_changed"],
} as const;

/** A closed set by name. */
export type ClosedSet = keyof typeof LABEL_VALUES;

/**
 * `httpCode` is a three-digit status, or 0 where no answer came; `text` is for facts that are fixed
 * at start, such as a version, and never for anything that a request brings.
 */
export type OpenSet = "httpCode" | "text";

/** What a label of this set accepts, checked by the compiler for closed sets and at run time for all. */
export type LabelValue<S extends ClosedSet | OpenSet = ClosedSet | OpenSet> = S extends ClosedSet
  ? (typeof LABEL_VALUES)[S][number]
  : S extends "httpCode"
    ? number
    : string;

const LONGEST_TEXT = 64;

/** All values of a closed set; undefined for an open one. */
export function closedValues(set: ClosedSet | OpenSet): readonly (string | number)[] | undefined {
  return set === "httpCode" || set === "text" ? undefined : LABEL_VALUES[set];
}

/** Whether `value` may stand in a label of this set. */
export function isLabelValue(set: ClosedSet | OpenSet, value: unknown): value is LabelValue {
  if (set === "text") return typeof value === "string" && value.length <= LONGEST_TEXT;
  if (set !== "httpCode") return closedValues(set)?.some((known) => known === value) ?? false;
  const code = Number.isInteger(value) ? Number(value) : -1;
  return code === 0 || (code >= 100 && code <= 999);
}
