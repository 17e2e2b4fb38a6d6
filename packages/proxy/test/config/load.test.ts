import { describe, expect, it } from "vitest";
import { SETTING_ENTRIES } from "../../src/config/catalog.ts";
import { standardWorkers } from "../../src/config/cpus.ts";
import { loadSettings } from "../../src/config/load.ts";
import type { Settings } from "../../src/config/settings.ts";
import { accepted, API_KEY, LEAST, refused } from "./helpers.ts";

const INTEGERS = SETTING_ENTRIES.flatMap(([name, entry]) =>
  entry.kind === "integer" ? [[name, entry] as const] : [],
);

describe("settings", () => {
  it("have the documented defaults", () => {
    const expected: Settings = {
      apiKeys: [API_KEY],
      logLevel: "info",
      workers: standardWorkers(),
      http: {
        address: { host: "0.0.0.0", port: 7777 },
        tls: undefined,
        maxBodyBytes: 8_388_608,
        maxBatchSize: 10_000,
        maxConnections: 10_000,
        requestTimeoutMs: 30_000,
        keepAliveTimeoutMs: 90_000,
      },
      overload: {
        overloadDelayMs: 500,
        maxInFlightRequests: 10_000,
        maxInFlightBatchItems: 40_000,
        maxInFlightBodyBytes: 67_108_864,
      },
      health: { address: { host: "0.0.0.0", port: 9000 } },
      events: {
        enabled: true,
        mode: "drop",
        address: { host: "0.0.0.0", port: 5555 },
        channelSize: 25_000,
        highWaterMark: 25_000,
        sendTimeoutMs: 25,
        curve: undefined,
      },
      source: {
        configFile: "/etc/tsp/config.yaml",
        refreshIntervalMs: 600_000,
        maxAgeMs: 86_400_000,
      },
      keys: {
        binding: "tenant",
        leaseCipher: "xchacha20-poly1305",
        leaseMaxAgeMs: 86_400_000,
        leaseMaxWraps: 1_073_741_824,
        leaseCacheSize: 10_000,
        secretCacheSize: 10_000,
      },
      kms: {
        timeoutMs: 10_000,
        connectTimeoutMs: 3_000,
        concurrency: 64,
        queueSize: 1_000,
        clientCacheSize: 1_000,
        allowedHosts: [],
        endpoints: {
          aws: undefined,
          awsSts: undefined,
          gcp: undefined,
          gcpToken: undefined,
          azureAuthority: undefined,
        },
      },
      shutdown: { drainDelayMs: 2_000, deadlineMs: 20_000 },
    };

    expect(loadSettings(LEAST)).toEqual({ settings: expected, warnings: [], notices: [] });
  });

  it("cannot be changed, on any level", () => {
    const settings = accepted({ TSP_KMS_ALLOWED_HOSTS: "vault.internal" });

    expect(() => Object.assign(settings.http, { maxBodyBytes: 1 })).toThrow(TypeError);
    expect(() => Object.assign(settings.kms.allowedHosts, ["x"])).toThrow(TypeError);
    expect(() => Object.assign(settings.http.address, { port: 1 })).toThrow(TypeError);
  });

  it("treat an empty value as not set", () => {
    const empty = Object.fromEntries(SETTING_ENTRIES.map(([name]) => [name, ""]));

    expect(loadSettings({ ...empty, ...LEAST })).toEqual(loadSettings(LEAST));
  });

  it("need an API key and a configuration file", () => {
    const mistakes = refused({ API_KEY: undefined, TSP_CONFIG_FILE: undefined });

    expect(mistakes).toEqual([
      "API_KEY is not set: expected the key that applications present.",
      "TSP_CONFIG_FILE is not set: expected the path of a file.",
    ]);
  });

  it("report all mistakes together", () => {
    const mistakes = refused({
      API_KEY: "short",
      LOG_LEVEL: "loud",
      TSP_BIND_ADDRESS: "10.0.0.1:80",
      TSP_HTTP_BIND_ADDRESS: "localhost:80",
      TSP_ENABLE_LOGDRIVER_INTEGRATION: "maybe",
      TSP_EVENT_MODE: "block",
      TSP_TLS_CERT_FILE: "cert.pem",
      TSP_EVENT_CURVE_SECRET_KEY_FILE: "secret.key",
      TSP_MAX_BATCH_SIZE: "999",
      TSP_KMS_ALLOWED_HOSTS: "https://vault.internal",
    });

    expect(mistakes).toHaveLength(10);
    expect(mistakes.toSorted()).toMatchInlineSnapshot(`
      [
        "API_KEY cannot be used: expected 16 to 1024 visible ASCII characters without blanks; it has only 5.",
        "LOG_LEVEL is "loud": expected one of trace, debug, info, warn, error, fatal, silent.",
        "TSP_BIND_ADDRESS is "10.0.0.1:80": expected an IP address such as 0.0.0.0, 127.0.0.1, :: or [::1], without a port.",
        "TSP_ENABLE_LOGDRIVER_INTEGRATION is "maybe": expected true or false.",
        "TSP_EVENT_CURVE_SECRET_KEY_FILE is set without TSP_EVENT_CURVE_PUBLIC_KEY_FILE: set both or none.",
        "TSP_EVENT_MODE is "block": expected one of drop, require.",
        "TSP_HTTP_BIND_ADDRESS is "localhost:80": expected IP or IP:PORT, such as 127.0.0.1, 127.0.0.1:7777, ::1 or [::1]:7777.",
        "TSP_KMS_ALLOWED_HOSTS is "https://vault.internal": expected host, host:port, .suffix or http://host:port, separated by commas; "https://vault.internal" is none of these.",
        "TSP_MAX_BATCH_SIZE is "999": expected a whole number from 1000 to 1000000, in digits.",
        "TSP_TLS_CERT_FILE is set without TSP_TLS_KEY_FILE: set both or none.",
      ]
    `);
  });
});

describe("a whole number", () => {
  it.for(INTEGERS)("%s may have its least and its greatest value", ([name, { min, max }]) => {
    const rest = { TSP_CONFIG_REFRESH_INTERVAL_MS: "1000", TSP_CONFIG_MAX_AGE_MS: "604800000" };
    for (const value of [min, max]) {
      expect(loadSettings({ ...LEAST, ...rest, [name]: `${value}` }).mistakes).toBeUndefined();
    }
  });

  it.for(INTEGERS)("%s is refused just outside its range", ([name, { min, max }]) => {
    for (const value of [min - 1, max + 1]) {
      expect(refused({ [name]: `${value}` })).toEqual([
        `${name} is "${value}": expected a whole number from ${min} to ${max}, in digits.`,
      ]);
    }
  });

  it.for([
    "1e4",
    " 5000",
    "5000 ",
    "0x1388",
    "5_000",
    "5,000",
    "+5000",
    "05000",
    "5000.0",
    "5000ms",
    "٥٠٠٠",
    "NaN",
    "Infinity",
    "99999999999999999999",
    "5000\n",
  ])("%j is refused", (text) => {
    expect(refused({ TSP_KMS_TIMEOUT_MS: text })).toHaveLength(1);
  });
});

describe("a switch", () => {
  it.for([
    ["true", true],
    ["1", true],
    ["TRUE", true],
    ["false", false],
    ["0", false],
    ["False", false],
  ] as const)("%s means %s", ([text, enabled]) => {
    expect(accepted({ TSP_ENABLE_LOGDRIVER_INTEGRATION: text }).events.enabled).toBe(enabled);
  });

  it.for(["yes", "on", " true", "2", "null"])("%j is refused", (text) => {
    expect(refused({ TSP_ENABLE_LOGDRIVER_INTEGRATION: text })).toEqual([
      `TSP_ENABLE_LOGDRIVER_INTEGRATION is ${JSON.stringify(text)}: expected true or false.`,
    ]);
  });
});

describe("addresses", () => {
  it("take what they leave out from the shared address", () => {
    const settings = accepted({
      TSP_BIND_ADDRESS: "[::1]",
      TSP_HEALTH_BIND_ADDRESS: "127.0.0.1",
      TSP_EVENT_BIND_ADDRESS: "10.0.0.1:0",
    });

    expect(settings.http.address).toEqual({ host: "::1", port: 7777 });
    expect(settings.health.address).toEqual({ host: "127.0.0.1", port: 9000 });
    expect(settings.events.address).toEqual({ host: "10.0.0.1", port: 0 });
  });

  it("must differ between services", () => {
    expect(refused({ TSP_HEALTH_BIND_ADDRESS: "0.0.0.0:7777" })).toEqual([
      "TSP_HEALTH_BIND_ADDRESS is 0.0.0.0:7777, the same as TSP_HTTP_BIND_ADDRESS: " +
        "expected another port.",
    ]);
  });

  it("may all let the system choose a port", () => {
    const any = "127.0.0.1:0";
    const { http, health, events } = accepted({
      TSP_HTTP_BIND_ADDRESS: any,
      TSP_HEALTH_BIND_ADDRESS: any,
      TSP_EVENT_BIND_ADDRESS: any,
    });

    expect([http.address.port, health.address.port, events.address.port]).toEqual([0, 0, 0]);
  });

  it("are not compared with the events' when there are none", () => {
    const { events } = accepted({
      TSP_EVENT_BIND_ADDRESS: "0.0.0.0:7777",
      TSP_ENABLE_LOGDRIVER_INTEGRATION: "false",
    });

    expect(events.enabled).toBe(false);
  });

  it("are not compared with one that is wrong itself", () => {
    expect(
      refused({ TSP_HTTP_BIND_ADDRESS: "here", TSP_HEALTH_BIND_ADDRESS: "0.0.0.0:7777" }),
    ).toHaveLength(1);
  });
});

describe("settings that depend on each other", () => {
  it.for([
    ["TSP_TLS_CERT_FILE", "TSP_TLS_KEY_FILE"],
    ["TSP_EVENT_CURVE_PUBLIC_KEY_FILE", "TSP_EVENT_CURVE_SECRET_KEY_FILE"],
  ] as const)("%s and %s come together", ([first, second]) => {
    expect(refused({ [first]: "a" })).toEqual([
      `${first} is set without ${second}: set both or none.`,
    ]);
    expect(refused({ [second]: "b" })).toEqual([
      `${second} is set without ${first}: set both or none.`,
    ]);
  });

  it("give both files of a pair", () => {
    const settings = accepted({
      TSP_TLS_CERT_FILE: "c.pem",
      TSP_TLS_KEY_FILE: "k.pem",
      TSP_EVENT_CURVE_PUBLIC_KEY_FILE: "p",
      TSP_EVENT_CURVE_SECRET_KEY_FILE: "s",
    });

    expect(settings.http.tls).toEqual({ certFile: "c.pem", keyFile: "k.pem" });
    expect(settings.events.curve).toEqual({ publicKeyFile: "p", secretKeyFile: "s" });
  });

  it("refuse an age limit below the refresh interval", () => {
    expect(refused({ TSP_CONFIG_MAX_AGE_MS: "5000" })).toEqual([
      "TSP_CONFIG_MAX_AGE_MS is 5000: expected at least TSP_CONFIG_REFRESH_INTERVAL_MS, " +
        "which is 600000.",
    ]);
  });

  it("refuse required events without a socket", () => {
    const env = { TSP_EVENT_MODE: "require", TSP_ENABLE_LOGDRIVER_INTEGRATION: "false" };
    expect(refused(env)).toEqual([expect.stringContaining("TSP_EVENT_MODE is require while")]);
  });

  it("warn about times that have no effect", () => {
    const { warnings } = loadSettings({
      ...LEAST,
      TSP_KMS_TIMEOUT_MS: "1000",
      TSP_DRAIN_DELAY_MS: "20000",
    });

    expect(warnings).toEqual([
      expect.stringContaining("TSP_KMS_CONNECT_TIMEOUT_MS is 3000 and has no effect"),
      expect.stringContaining("TSP_DRAIN_DELAY_MS is 20000 and leaves no time"),
    ]);
  });
});
