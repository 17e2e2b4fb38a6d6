import type { HostsSetting, IntegerSetting } from "../setting.ts";

export interface KmsCatalog {
  readonly TSP_KMS_TIMEOUT_MS: IntegerSetting;
  readonly TSP_KMS_CONNECT_TIMEOUT_MS: IntegerSetting;
  readonly TSP_KMS_CONCURRENCY: IntegerSetting;
  readonly TSP_KMS_QUEUE_SIZE: IntegerSetting;
  readonly TSP_KMS_CLIENT_CACHE_SIZE: IntegerSetting;
  readonly TSP_KMS_ALLOWED_HOSTS: HostsSetting;
}

/** What a KMS call may cost and where it may go. */
export const KMS_SETTINGS: KmsCatalog = {
  TSP_KMS_TIMEOUT_MS: {
    kind: "integer",
    group: "KMS calls",
    unit: "ms",
    default: 10_000,
    min: 10,
    max: 600_000,
    about: "Longest time for one KMS operation, its one retry included.",
    since: "0.1",
  },
  TSP_KMS_CONNECT_TIMEOUT_MS: {
    kind: "integer",
    group: "KMS calls",
    unit: "ms",
    default: 3_000,
    min: 10,
    max: 600_000,
    about: "Longest time to look up a KMS, connect to it and shake hands.",
    since: "0.1",
  },
  TSP_KMS_CONCURRENCY: {
    kind: "integer",
    group: "KMS calls",
    unit: "calls",
    default: 64,
    min: 1,
    max: 10_000,
    about: "KMS calls under way at once for one KMS configuration.",
    since: "0.1",
  },
  TSP_KMS_QUEUE_SIZE: {
    kind: "integer",
    group: "KMS calls",
    unit: "calls",
    default: 1_000,
    min: 0,
    max: 1_000_000,
    about: "KMS calls that may wait for one KMS configuration; the next one is code 209 at once.",
    since: "0.1",
  },
  TSP_KMS_CLIENT_CACHE_SIZE: {
    kind: "integer",
    group: "KMS calls",
    unit: "items",
    default: 1_000,
    min: 1,
    max: 1_000_000,
    about: "KMS clients kept open; the least recently used one is closed.",
    since: "0.1",
  },
  TSP_KMS_ALLOWED_HOSTS: {
    kind: "hosts",
    group: "KMS calls",
    about:
      "Comma-separated `host`, `host:port`, `.suffix` or `http://host:port` that KMS " +
      "configurations may name although the address rules would refuse them.",
    since: "0.1",
  },
};
