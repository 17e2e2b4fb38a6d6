import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SETTING_ENTRIES } from "../../src/config/catalog.ts";
import { loadSettings } from "../../src/config/load.ts";
import type { Settings } from "../../src/config/settings.ts";

const API_KEY = "MDEyMzQ1Njc4OTAx";
const LEAST = { API_KEY, TSP_CONFIG_FILE: "/etc/tsp/config.yaml" };

const INTEGERS = SETTING_ENTRIES.flatMap(([name, entry]) =>
  entry.kind === "integer" ? [[name, entry] as const] : [],
);

describe("settings", () => {
  it("have the documented defaults", () => {
    const expected: Settings = {
      apiKeys: [API_KEY],
      logLevel: "info",
      http: {
        address: { host: "0.0.0.0", port: 7777 },
        tls: undefined,
        maxBodyBytes: 8_388_608,
        maxBatchSize: 10_000,
        maxConnections: 10_000,
        requestTimeoutMs: 30_000,
        keepAliveTimeoutMs: 90_000,
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

describe("the log level", () => {
  it.for([
    [{ LOG_LEVEL: "debug" }, "debug"],
    [{ LOG_LEVEL: "WARN" }, "warn"],
    [{ RUST_LOG: "info,tsp=debug" }, "info"],
    [{ RUST_LOG: "trace" }, "trace"],
    [{ LOG_LEVEL: "error", RUST_LOG: "trace" }, "error"],
    [{ LOG_LEVEL: "", RUST_LOG: "warn" }, "warn"],
  ] as const)("of %j is %s", ([env, level]) => {
    expect(accepted(env).logLevel).toBe(level);
  });

  it("stays at info, with a warning, when RUST_LOG makes no sense", () => {
    const { settings, warnings } = loadSettings({ ...LEAST, RUST_LOG: "all of it" });

    expect(settings?.logLevel).toBe("info");
    expect(warnings).toEqual([expect.stringContaining('RUST_LOG is "all of it"')]);
  });
});

describe("API keys", () => {
  it("may be two while one is being replaced", () => {
    const second = "YW5vdGhlci1rZXktMTIz";
    expect(accepted({ API_KEY_2: second }).apiKeys).toEqual([API_KEY, second]);
  });

  it("count once when they are equal, with a warning", () => {
    const { settings, warnings } = loadSettings({ ...LEAST, API_KEY_2: API_KEY });

    expect(settings?.apiKeys).toEqual([API_KEY]);
    expect(warnings).toEqual([expect.stringContaining("API_KEY_2 equals API_KEY")]);
  });

  it.for(["not-base64-at-all!", "MDEyMzQ1Njc4OTA", "MDEyMzQ1Njc4OTAxMg", "_DEyMzQ1Njc4OTAx"])(
    "that Alloy refuses are accepted with a warning: %s",
    (key) => {
      const { mistakes, warnings } = loadSettings({ ...LEAST, API_KEY: key.padEnd(16, "=") });

      expect(mistakes).toBeUndefined();
      expect(warnings).toEqual([expect.stringContaining("Alloy clients refuse it")]);
    },
  );

  it.for([
    ["too short", "MDEyMzQ1Njc4OTA"],
    ["with a blank inside", "MDEyMzQ1 Njc4OTAx"],
    ["with a blank at the end", "MDEyMzQ1Njc4OTAx "],
    ["with a line break", "MDEyMzQ1Njc4OTAx\n"],
    ["outside ASCII", "MDEyMzQ1Njc4OTAxÄ"],
    ["too long", "A".repeat(1_025)],
  ] as const)("are refused %s, without being shown", ([, key]) => {
    for (const name of ["API_KEY", "API_KEY_2"]) {
      const [mistake = "", ...more] = refused({ [name]: key });
      expect(more).toEqual([]);
      expect(mistake).toMatch(new RegExp(`^${name} cannot be used: expected 16 to 1024 visible`));
      expect(mistake).not.toContain(key.trim().slice(0, 8));
    }
  });
});

describe("hosts that KMS addresses may name", () => {
  it.for([
    ["vault.internal", ["vault.internal"]],
    ["Vault.Internal:8200, .corp.example ,", ["vault.internal:8200", ".corp.example"]],
    ["http://127.0.0.1:8200,localhost", ["http://127.0.0.1:8200", "localhost"]],
    ["[::1]:8200,10.0.0.1", ["[::1]:8200", "10.0.0.1"]],
    [" , ", []],
  ] as const)("%j are %j", ([text, hosts]) => {
    expect(accepted({ TSP_KMS_ALLOWED_HOSTS: text }).kms.allowedHosts).toEqual(hosts);
  });

  it.for([
    "https://vault.internal",
    "http://",
    "http://.corp.example:80",
    ".corp.example:443",
    "*.corp.example",
    "vault.internal/path",
    "user@vault.internal",
    "vault.internal:0",
    "vault.internal:70000",
    "vault internal",
    "[127.0.0.1]",
    "[::1",
    "a..b",
    "-a.example",
    ".",
    "a".repeat(300),
  ])("%j is refused", (text) => {
    expect(refused({ TSP_KMS_ALLOWED_HOSTS: `good.example,${text}` })).toEqual([
      expect.stringContaining("expected host, host:port, .suffix or http://host:port"),
    ]);
  });
});

describe("variables that nothing reads", () => {
  it.for([
    ["TSP_MAX_BODY_SIZE", "TSP_MAX_BODY_BYTES"],
    ["TSP_LEASE_CYPHER", "TSP_LEASE_CIPHER"],
    ["TSP_HTTP_BIND_ADRESS", "TSP_HTTP_BIND_ADDRESS"],
  ] as const)("%s gets a warning that names %s", ([name, nearest]) => {
    const { warnings } = loadSettings({ ...LEAST, [name]: "a-value-that-stays-hidden" });

    expect(warnings).toEqual([`"${name}" is not known: the nearest name is ${nearest}.`]);
  });

  it("may be as long as they like", () => {
    const { warnings } = loadSettings({ ...LEAST, [`TSP_${"X".repeat(100_000)}`]: "1" });

    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.length).toBeLessThan(200);
  });

  it("are not ours without the prefix", () => {
    expect(loadSettings({ ...LEAST, PATH: "/bin", LOGDRIVER_CHANNEL_CAPACITY: "1" })).toEqual(
      loadSettings(LEAST),
    );
  });

  it("are no matter when Kubernetes made them for a service of that name", () => {
    const links = {
      TSP_SERVICE_HOST: "10.0.0.7",
      TSP_SERVICE_PORT: "7777",
      TSP_SERVICE_PORT_HTTP: "7777",
      TSP_PORT: "tcp://10.0.0.7:7777",
      TSP_PORT_7777_TCP: "tcp://10.0.0.7:7777",
      TSP_PORT_7777_TCP_ADDR: "10.0.0.7",
      TSP_HEALTH_SERVICE_HOST: "10.0.0.8",
      TSP_HEALTH_PORT_9000_TCP_PROTO: "tcp",
    };

    expect(loadSettings({ ...LEAST, ...links }).warnings).toEqual([]);
    expect(loadSettings({ ...LEAST, TSP_PORT: "80" }).warnings).toHaveLength(1);
  });

  it("of the original's environment file are ignored with one notice", () => {
    const { notices, warnings } = loadSettings({
      ...LEAST,
      SERVICE_ACCOUNT_ID: "1",
      SERVICE_SIGNING_PRIVATE_KEY: "c2VjcmV0",
      CONFIG_BROKER_URL: "https://broker.example",
    });

    expect(warnings).toEqual([]);
    expect(notices).toEqual([
      "Set and ignored: SERVICE_ACCOUNT_ID, SERVICE_SIGNING_PRIVATE_KEY, CONFIG_BROKER_URL. " +
        "This version reads tenants from TSP_CONFIG_FILE only.",
    ]);
  });
});

describe("whatever the environment holds", () => {
  const value = fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[0-9:.[\]a-f]{0,20}$/));
  const env = fc.dictionary(fc.constantFrom(...SETTING_ENTRIES.map(([name]) => name)), value);

  it("there are settings or mistakes, and each mistake names its variable", () => {
    fc.assert(
      fc.property(env, (given) => {
        const { settings, mistakes } = loadSettings(given);
        expect(settings === undefined).toBe(mistakes !== undefined);
        for (const mistake of mistakes ?? []) {
          expect(mistake).toMatch(/^[A-Z0-9_]+ [^\n]+\.$/);
        }
      }),
    );
  });

  it("no sentence shows an API key", () => {
    const secret = fc.stringMatching(/^[!-~]{12,30}$/).map((text) => `${text} \n`);
    fc.assert(
      fc.property(env, secret, secret, (given, first, second) => {
        const {
          mistakes = [],
          warnings,
          notices,
        } = loadSettings({
          ...given,
          API_KEY: first,
          API_KEY_2: second,
          SERVICE_SIGNING_PRIVATE_KEY: first,
        });
        const said = [...mistakes, ...warnings, ...notices].join("\n");
        expect(said).not.toContain(first.trim());
        expect(said).not.toContain(second.trim());
      }),
    );
  });
});

function accepted(env: Readonly<Record<string, string | undefined>>): Settings {
  const { settings, mistakes } = loadSettings({ ...LEAST, ...env });
  if (settings === undefined) throw new TypeError(`no settings: ${mistakes.join("\n")}`);
  return settings;
}

function refused(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const { mistakes } = loadSettings({ ...LEAST, ...env });
  if (mistakes === undefined) throw new TypeError("no mistakes");
  return mistakes;
}
