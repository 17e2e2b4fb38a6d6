import type { IntegerSetting } from "../setting.ts";

export interface OverloadCatalog {
  readonly TSP_OVERLOAD_DELAY_MS: IntegerSetting;
  readonly TSP_MAX_IN_FLIGHT_REQUESTS: IntegerSetting;
  readonly TSP_MAX_IN_FLIGHT_BATCH_ITEMS: IntegerSetting;
  readonly TSP_MAX_IN_FLIGHT_BODY_BYTES: IntegerSetting;
}

/** What one process takes on at once; more is refused with HTTP status 503 and code 100. */
export const OVERLOAD_SETTINGS: OverloadCatalog = {
  TSP_OVERLOAD_DELAY_MS: {
    kind: "integer",
    group: "Overload",
    unit: "ms",
    default: 500,
    min: 0,
    max: 60_000,
    about:
      "When more than 1,024 requests wait at least this long before the proxy gets to them, it " +
      "refuses a share of them with 503 and `Retry-After` until they do not. 0: never.",
    since: "0.1",
  },
  TSP_MAX_IN_FLIGHT_REQUESTS: {
    kind: "integer",
    group: "Overload",
    unit: "requests",
    default: 10_000,
    min: 1,
    max: 1_000_000,
    about:
      "Requests that may wait at once for a KMS or for their turn, in one process; the next one is " +
      "503. What is answered from memory never waits.",
    since: "0.1",
  },
  TSP_MAX_IN_FLIGHT_BATCH_ITEMS: {
    kind: "integer",
    group: "Overload",
    unit: "items",
    default: 40_000,
    min: 1_000,
    max: 100_000_000,
    about:
      "Items of all batches and derivations under way at once, about 2 KiB each. One tenant gets a " +
      "quarter of them. Further batches wait for their turn, at most 10 seconds: then it is 503.",
    since: "0.1",
  },
  TSP_MAX_IN_FLIGHT_BODY_BYTES: {
    kind: "integer",
    group: "Overload",
    unit: "bytes",
    default: 67_108_864,
    min: 65_536,
    max: 68_719_476_736,
    about:
      "Bytes of the bodies of all batches, and of those that arrive in pieces, until they are " +
      "answered; more is 503. One body of `TSP_MAX_BODY_BYTES` always has room.",
    since: "0.1",
  },
};
