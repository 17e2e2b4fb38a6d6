import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SETTING_ENTRIES } from "../../src/config/catalog.ts";
import { loadSettings } from "../../src/config/load.ts";
import { accepted, API_KEY, LEAST, refused } from "./helpers.ts";

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
