import type { AddressSetting, FileSetting, IntegerSetting, IpSetting } from "../setting.ts";

export interface HttpCatalog {
  readonly TSP_BIND_ADDRESS: IpSetting;
  readonly TSP_HTTP_BIND_ADDRESS: AddressSetting;
  readonly TSP_HEALTH_BIND_ADDRESS: AddressSetting;
  readonly TSP_EVENT_BIND_ADDRESS: AddressSetting;
  readonly TSP_TLS_CERT_FILE: FileSetting;
  readonly TSP_TLS_KEY_FILE: FileSetting;
  readonly TSP_MAX_BODY_BYTES: IntegerSetting;
  readonly TSP_MAX_BATCH_SIZE: IntegerSetting;
  readonly TSP_MAX_CONNECTIONS: IntegerSetting;
  readonly TSP_REQUEST_TIMEOUT_MS: IntegerSetting;
  readonly TSP_KEEP_ALIVE_TIMEOUT_MS: IntegerSetting;
}

/** Where the service listens and what one request may cost. */
export const HTTP_SETTINGS: HttpCatalog = {
  TSP_BIND_ADDRESS: {
    kind: "ip",
    group: "Addresses",
    default: "0.0.0.0",
    about: "IP address of all services whose own setting names none. No port.",
    since: "original",
  },
  TSP_HTTP_BIND_ADDRESS: {
    kind: "address",
    group: "Addresses",
    port: 7777,
    about: "Where Tenant Security Clients connect, and where `/metrics` is.",
    since: "original",
  },
  TSP_HEALTH_BIND_ADDRESS: {
    kind: "address",
    group: "Addresses",
    port: 9000,
    about: "Where `/health`, `/live` and `/ready` are.",
    since: "original",
  },
  TSP_EVENT_BIND_ADDRESS: {
    kind: "address",
    group: "Addresses",
    port: 5555,
    about: "Where readers of security events connect (ZeroMQ PUSH).",
    since: "original",
  },
  TSP_TLS_CERT_FILE: {
    kind: "file",
    group: "HTTP",
    pair: "TSP_TLS_KEY_FILE",
    about: "PEM certificate chain. With `TSP_TLS_KEY_FILE` the HTTP port speaks TLS. Reloaded.",
    since: "0.1",
  },
  TSP_TLS_KEY_FILE: {
    kind: "file",
    group: "HTTP",
    pair: "TSP_TLS_CERT_FILE",
    about: "PEM private key of the certificate.",
    since: "0.1",
  },
  TSP_MAX_BODY_BYTES: {
    kind: "integer",
    group: "HTTP",
    unit: "bytes",
    default: 8_388_608,
    min: 65_536,
    max: 268_435_456,
    about: "Largest request body; a larger one is 413. A batch of 1,000 needs up to 1 MiB.",
    since: "0.1",
  },
  TSP_MAX_BATCH_SIZE: {
    kind: "integer",
    group: "HTTP",
    unit: "items",
    default: 10_000,
    min: 1_000,
    max: 1_000_000,
    about: "Most items of one batch; more is 413.",
    since: "0.1",
  },
  TSP_MAX_CONNECTIONS: {
    kind: "integer",
    group: "HTTP",
    unit: "connections",
    default: 10_000,
    min: 1,
    max: 1_000_000,
    about: "Connections open at once on the HTTP port; the next one is closed.",
    since: "0.1",
  },
  TSP_REQUEST_TIMEOUT_MS: {
    kind: "integer",
    group: "HTTP",
    unit: "ms",
    default: 30_000,
    min: 100,
    max: 3_600_000,
    about: "Longest time for one request, from its first byte to its answer.",
    since: "0.1",
  },
  TSP_KEEP_ALIVE_TIMEOUT_MS: {
    kind: "integer",
    group: "HTTP",
    unit: "ms",
    default: 90_000,
    min: 1_000,
    max: 3_600_000,
    about: "How long an idle connection stays open. Keep it above the idle time of your clients.",
    since: "0.1",
  },
};
