import type { EndpointSetting, HostsSetting, IntegerSetting } from "../setting.ts";

export interface KmsCatalog {
  readonly TSP_KMS_TIMEOUT_MS: IntegerSetting;
  readonly TSP_KMS_CONNECT_TIMEOUT_MS: IntegerSetting;
  readonly TSP_KMS_CONCURRENCY: IntegerSetting;
  readonly TSP_KMS_QUEUE_SIZE: IntegerSetting;
  readonly TSP_KMS_CLIENT_CACHE_SIZE: IntegerSetting;
  readonly TSP_KMS_ALLOWED_HOSTS: HostsSetting;
  readonly TSP_KMS_AWS_ENDPOINT: EndpointSetting;
  readonly TSP_KMS_AWS_STS_ENDPOINT: EndpointSetting;
  readonly TSP_KMS_GCP_ENDPOINT: EndpointSetting;
  readonly TSP_KMS_GCP_TOKEN_ENDPOINT: EndpointSetting;
  readonly TSP_KMS_AZURE_AUTHORITY: EndpointSetting;
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
      "configurations may name although the address rules would refuse them. Listed hosts are looked " +
      "up as the system does it, all others by hosts file and name servers alone.",
    since: "0.1",
  },
  TSP_KMS_AWS_ENDPOINT: {
    kind: "endpoint",
    group: "KMS calls",
    standard: "AWS's own of each region",
    about:
      "Where every `AWS` configuration is called instead: a private endpoint, an emulator. Setting it " +
      "is the permission, for this purpose alone: it may be a private address or plain HTTP without " +
      "an entry in `TSP_KMS_ALLOWED_HOSTS`.",
    since: "0.1",
  },
  TSP_KMS_AWS_STS_ENDPOINT: {
    kind: "endpoint",
    group: "KMS calls",
    standard: "`TSP_KMS_AWS_ENDPOINT`, or AWS's own",
    about: "The same for the service that gives out roles.",
    since: "0.1",
  },
  TSP_KMS_GCP_ENDPOINT: {
    kind: "endpoint",
    group: "KMS calls",
    standard: "`https://cloudkms.googleapis.com`",
    about: "Where every `GCP` configuration is called instead, under the same rules.",
    since: "0.1",
  },
  TSP_KMS_GCP_TOKEN_ENDPOINT: {
    kind: "endpoint",
    group: "KMS calls",
    standard: "`https://oauth2.googleapis.com/token`",
    path: true,
    about: "Where service accounts of Google get their access tokens instead.",
    since: "0.1",
  },
  TSP_KMS_AZURE_AUTHORITY: {
    kind: "endpoint",
    group: "KMS calls",
    standard: "Microsoft's own of each cloud",
    about:
      "Where applications of Azure get their access tokens instead. Vaults are at the addresses of " +
      "their configurations; private ones are listed in `TSP_KMS_ALLOWED_HOSTS`.",
    since: "0.1",
  },
};
