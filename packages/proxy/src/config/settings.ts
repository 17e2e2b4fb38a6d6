import type { OverloadLimits } from "../http/overload/overload.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";

/** URLs of the operator's choice, for emulators, private endpoints and independent servers. */
export interface KmsEndpoints {
  readonly aws: string | undefined;
  /** Undefined: `aws`, or AWS's own. */
  readonly awsSts: string | undefined;
  readonly gcp: string | undefined;
  /** With its path. */
  readonly gcpToken: string | undefined;
  readonly azureAuthority: string | undefined;
}

/** Everything the environment decides, validated and frozen. Times are milliseconds, sizes bytes. */
export interface Settings {
  /** One or two; while a key is rotated either is accepted. */
  readonly apiKeys: readonly string[];
  readonly logLevel: LogLevel;
  /** Processes that serve requests; 1: this one. */
  readonly workers: number;
  readonly http: {
    readonly address: Address;
    readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
    readonly maxBodyBytes: number;
    readonly maxBatchSize: number;
    readonly maxConnections: number;
    readonly requestTimeoutMs: number;
    readonly keepAliveTimeoutMs: number;
  };
  /** What one process takes on at once. */
  readonly overload: OverloadLimits;
  readonly health: { readonly address: Address };
  readonly events: {
    readonly enabled: boolean;
    readonly mode: "drop" | "require";
    readonly address: Address;
    readonly channelSize: number;
    readonly highWaterMark: number;
    readonly sendTimeoutMs: number;
    /** Files of 40-character Z85 keys; undefined: the socket is not encrypted. */
    readonly curve: { readonly publicKeyFile: string; readonly secretKeyFile: string } | undefined;
  };
  readonly source: {
    readonly configFile: string;
    readonly refreshIntervalMs: number;
    readonly maxAgeMs: number;
  };
  readonly keys: {
    readonly binding: "tenant" | "none";
    readonly leaseCipher: "xchacha20-poly1305" | "aes-256-gcm";
    readonly leaseMaxAgeMs: number;
    readonly leaseMaxWraps: number;
    /** Unwrapped leases kept that this process did not mint. */
    readonly leaseCacheSize: number;
    /** Unwrapped tenant secrets kept. */
    readonly secretCacheSize: number;
  };
  readonly kms: {
    readonly timeoutMs: number;
    readonly connectTimeoutMs: number;
    /** Concurrent calls per configuration. */
    readonly concurrency: number;
    /** Calls per configuration that may wait; one more is 209 at once. */
    readonly queueSize: number;
    /** Clients kept open; the least recently used one is closed. */
    readonly clientCacheSize: number;
    /** `host`, `host:port`, `.suffix` or `http://host:port`. */
    readonly allowedHosts: readonly string[];
    /** Where calls go instead of the vendor's own addresses. */
    readonly endpoints: KmsEndpoints;
  };
  readonly shutdown: { readonly drainDelayMs: number; readonly deadlineMs: number };
}
