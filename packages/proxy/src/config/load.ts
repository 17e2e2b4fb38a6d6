import { isAlloyKey } from "./api-key.ts";
import { SETTING_ENTRIES } from "./catalog.ts";
import { contradictions, oddities } from "./checks.ts";
import { parseRustLog } from "./log-level.ts";
import type { Environment } from "./environment.ts";
import { SettingsReader } from "./reader.ts";
import type { LogLevel, Settings } from "./settings.ts";
import { unknownVariables } from "./unknown.ts";
import { shown } from "./values.ts";

interface Remarks {
  /** What is odd and does not stop the start: one sentence each, without any secret. */
  readonly warnings: readonly string[];
  /** What was set and has no effect, in one line; empty when there is nothing to say. */
  readonly notices: readonly string[];
}

export type LoadedSettings = Remarks &
  (
    | { readonly settings: Settings; readonly mistakes?: never }
    | { readonly mistakes: readonly string[]; readonly settings?: never }
  );

/**
 * Turns environment variables into frozen settings. All mistakes are reported together, each a
 * sentence with the variable, what was found (never a secret) and what was expected.
 */
export function loadSettings(env: Environment): LoadedSettings {
  const reader = new SettingsReader(env);
  const settings = read(reader);
  // A wrong value was replaced by its default, which contradicts nobody.
  const mistakes = [
    ...reader.mistakes,
    ...contradictions(settings)
      .filter(({ between }) => !between.some((name) => reader.wrong.has(name)))
      .map(({ sentence }) => sentence),
  ];
  const remarks = {
    warnings: [...reader.warnings, ...oddities(settings), ...unknownVariables(env)],
    notices: ignoredVariables(reader),
  };
  if (mistakes.length > 0) return { mistakes, ...remarks };
  return { settings: deepFreeze(settings), ...remarks };
}

function read(reader: SettingsReader): Settings {
  const host = reader.ip("TSP_BIND_ADDRESS");
  return {
    apiKeys: apiKeys(reader),
    logLevel: logLevel(reader),
    workers: reader.workers("TSP_WORKERS"),
    http: http(reader, host),
    overload: {
      overloadDelayMs: reader.integer("TSP_OVERLOAD_DELAY_MS"),
      maxInFlightRequests: reader.integer("TSP_MAX_IN_FLIGHT_REQUESTS"),
      maxInFlightBatchItems: reader.integer("TSP_MAX_IN_FLIGHT_BATCH_ITEMS"),
      maxInFlightBodyBytes: reader.integer("TSP_MAX_IN_FLIGHT_BODY_BYTES"),
    },
    health: { address: reader.address("TSP_HEALTH_BIND_ADDRESS", host) },
    events: events(reader, host),
    source: {
      configFile: reader.file("TSP_CONFIG_FILE") ?? "",
      refreshIntervalMs: reader.integer("TSP_CONFIG_REFRESH_INTERVAL_MS"),
      maxAgeMs: reader.integer("TSP_CONFIG_MAX_AGE_MS"),
    },
    keys: {
      binding: reader.choice("TSP_EDEK_BINDING"),
      leaseCipher: reader.choice("TSP_LEASE_CIPHER"),
      leaseMaxAgeMs: reader.integer("TSP_LEASE_MAX_AGE_MS"),
      leaseMaxWraps: reader.integer("TSP_LEASE_MAX_WRAPS"),
      leaseCacheSize: reader.integer("TSP_LEASE_CACHE_SIZE"),
      secretCacheSize: reader.integer("TSP_SECRET_CACHE_SIZE"),
    },
    kms: {
      timeoutMs: reader.integer("TSP_KMS_TIMEOUT_MS"),
      connectTimeoutMs: reader.integer("TSP_KMS_CONNECT_TIMEOUT_MS"),
      concurrency: reader.integer("TSP_KMS_CONCURRENCY"),
      queueSize: reader.integer("TSP_KMS_QUEUE_SIZE"),
      clientCacheSize: reader.integer("TSP_KMS_CLIENT_CACHE_SIZE"),
      allowedHosts: reader.hosts("TSP_KMS_ALLOWED_HOSTS"),
      endpoints: {
        aws: reader.endpoint("TSP_KMS_AWS_ENDPOINT"),
        awsSts: reader.endpoint("TSP_KMS_AWS_STS_ENDPOINT"),
        gcp: reader.endpoint("TSP_KMS_GCP_ENDPOINT"),
        gcpToken: reader.endpoint("TSP_KMS_GCP_TOKEN_ENDPOINT"),
        azureAuthority: reader.endpoint("TSP_KMS_AZURE_AUTHORITY"),
      },
    },
    shutdown: {
      drainDelayMs: reader.integer("TSP_DRAIN_DELAY_MS"),
      deadlineMs: reader.integer("TSP_SHUTDOWN_DEADLINE_MS"),
    },
  };
}

function http(reader: SettingsReader, host: string): Settings["http"] {
  const tls = reader.pair("TSP_TLS_CERT_FILE", "TSP_TLS_KEY_FILE");
  return {
    address: reader.address("TSP_HTTP_BIND_ADDRESS", host),
    tls: tls && { certFile: tls[0], keyFile: tls[1] },
    maxBodyBytes: reader.integer("TSP_MAX_BODY_BYTES"),
    maxBatchSize: reader.integer("TSP_MAX_BATCH_SIZE"),
    maxConnections: reader.integer("TSP_MAX_CONNECTIONS"),
    requestTimeoutMs: reader.integer("TSP_REQUEST_TIMEOUT_MS"),
    keepAliveTimeoutMs: reader.integer("TSP_KEEP_ALIVE_TIMEOUT_MS"),
  };
}

function events(reader: SettingsReader, host: string): Settings["events"] {
  const curve = reader.pair("TSP_EVENT_CURVE_PUBLIC_KEY_FILE", "TSP_EVENT_CURVE_SECRET_KEY_FILE");
  return {
    enabled: reader.boolean("TSP_ENABLE_LOGDRIVER_INTEGRATION"),
    mode: reader.choice("TSP_EVENT_MODE"),
    address: reader.address("TSP_EVENT_BIND_ADDRESS", host),
    channelSize: reader.integer("TSP_EVENT_LOG_CHANNEL_SIZE"),
    highWaterMark: reader.integer("TSP_SEND_HIGH_WATER_MARK"),
    sendTimeoutMs: reader.integer("TSP_SEND_LOGGING_TIMEOUT_MS"),
    curve: curve && { publicKeyFile: curve[0], secretKeyFile: curve[1] },
  };
}

function apiKeys(reader: SettingsReader): readonly string[] {
  const [first, second] = [reader.apiKey("API_KEY"), reader.apiKey("API_KEY_2")];
  for (const [name, key] of [["API_KEY", first] as const, ["API_KEY_2", second] as const]) {
    if (key === undefined || isAlloyKey(key)) continue;
    reader.warnings.push(
      `${name} is not base64 of at least 12 bytes: Alloy clients refuse it, all others accept it.`,
    );
  }
  if (first !== undefined && first === second) {
    reader.warnings.push("API_KEY_2 equals API_KEY: remove it, or set it to the key before.");
  }
  return [...new Set([first, second])].filter((key) => key !== undefined);
}

function logLevel(reader: SettingsReader): LogLevel {
  const directives = reader.text("RUST_LOG");
  if (directives === undefined || reader.text("LOG_LEVEL") !== undefined) {
    return reader.choice("LOG_LEVEL");
  }
  const level = parseRustLog(directives);
  if (level !== undefined) return level;
  reader.warnings.push(
    `RUST_LOG is ${shown(directives)}, which names no level: logging at info. ` +
      "Expected trace, debug, info, warn, error or off.",
  );
  return "info";
}

function ignoredVariables(reader: SettingsReader): readonly string[] {
  const names = SETTING_ENTRIES.filter(
    ([name, { kind }]) => kind === "ignored" && reader.text(name) !== undefined,
  ).map(([name]) => name);
  if (names.length === 0) return [];
  return [
    `Set and ignored: ${names.join(", ")}. This version reads tenants from TSP_CONFIG_FILE only.`,
  ];
}

function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === "object" && member !== null) deepFreeze(member);
  }
  return Object.freeze(value);
}
