import { describe, expect, it } from "vitest";
import { SETTING_ENTRIES } from "../../src/config/catalog.ts";
import type { Setting } from "../../src/config/setting.ts";

/** The variables that the original's deployment page documents, with their defaults. */
const ORIGINAL: readonly (readonly [string, unknown])[] = [
  ["API_KEY", undefined],
  ["API_KEY_2", undefined],
  ["RUST_LOG", undefined],
  ["TSP_SEND_LOGGING_TIMEOUT_MS", 25],
  ["TSP_SEND_HIGH_WATER_MARK", 25_000],
  ["TSP_EVENT_LOG_CHANNEL_SIZE", 25_000],
  ["TSP_ENABLE_LOGDRIVER_INTEGRATION", true],
  ["TSP_BIND_ADDRESS", "0.0.0.0"],
  ["TSP_HTTP_BIND_ADDRESS", 7777],
  ["TSP_HEALTH_BIND_ADDRESS", 9000],
  ["TSP_EVENT_BIND_ADDRESS", 5555],
  ["SERVICE_ACCOUNT_ID", undefined],
  ["SERVICE_CONFIG_ID", undefined],
  ["SERVICE_SEGMENT_ID", undefined],
  ["SERVICE_ENCRYPTION_PRIVATE_KEY", undefined],
  ["SERVICE_SIGNING_PRIVATE_KEY", undefined],
  ["CONFIG_BROKER_URL", undefined],
  ["IRONCORE_ENV", undefined],
];

const CATALOG: ReadonlyMap<string, Setting> = new Map<string, Setting>(SETTING_ENTRIES);

describe("the catalogue of settings", () => {
  it.for(ORIGINAL)("has %s of the original, with the default %j", ([name, standard]) => {
    const setting = CATALOG.get(name);

    expect(setting?.since).toBe("original");
    expect(setting && defaultOf(setting)).toBe(standard);
  });

  it("calls nothing else original", () => {
    const names = SETTING_ENTRIES.filter(([, { since }]) => since === "original");
    expect(names).toHaveLength(ORIGINAL.length);
  });

  it.for(SETTING_ENTRIES)("explains %s in whole sentences", ([name, { about, since }]) => {
    expect(name).toMatch(/^[A-Z][A-Z0-9_]*$/);
    expect(about).toMatch(/^[A-Z`].*\.$/);
    expect(since).toMatch(/^(original|\d+\.\d+)$/);
  });

  it("gives every setting of its own the prefix TSP_, but for the log level", () => {
    const ours = SETTING_ENTRIES.filter(([, { since }]) => since !== "original");
    const others = ours.filter(([name]) => !name.startsWith("TSP_")).map(([name]) => name);
    expect(others).toEqual(["LOG_LEVEL"]);
  });

  it("has defaults that its own limits allow", () => {
    for (const [, setting] of SETTING_ENTRIES) {
      expect(setting).toSatisfy(isWithinLimits);
    }
  });

  it("names a unit in the name of every time and every size", () => {
    for (const [name, setting] of SETTING_ENTRIES) {
      const unit = setting.kind === "integer" ? setting.unit : "none";
      expect(name.endsWith("_MS")).toBe(unit === "ms");
      expect(name.endsWith("_BYTES")).toBe(unit === "bytes");
    }
  });

  it("pairs files both ways", () => {
    const pairs = SETTING_ENTRIES.flatMap(([name, setting]) =>
      setting.kind === "file" && setting.pair !== undefined ? [[name, setting.pair] as const] : [],
    );

    expect(pairs).toHaveLength(4);
    for (const [name, other] of pairs) expect(CATALOG.get(other)).toMatchObject({ pair: name });
  });
});

function defaultOf(setting: Setting): unknown {
  if (setting.kind === "address") return setting.port;
  return "default" in setting ? setting.default : undefined;
}

function isWithinLimits(setting: Setting): boolean {
  if (setting.kind === "choice") return setting.choices.includes(setting.default);
  if (setting.kind !== "integer") return true;
  return setting.min <= setting.default && setting.default <= setting.max;
}
