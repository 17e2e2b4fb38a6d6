import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseAllowedHosts } from "../../src/config/allowed-hosts.ts";
import { isAlloyKey, parseApiKey } from "../../src/config/api-key.ts";
import { nearest } from "../../src/config/nearest.ts";
import { parseBoolean, parseChoice, parseInteger, shown } from "../../src/config/values.ts";

const ANY = {
  kind: "integer",
  group: "HTTP",
  unit: "ms",
  default: 0,
  about: "",
  since: "",
} as const;

describe("a whole number", () => {
  it("is read as it is written, within its limits", () => {
    const limit = fc.integer({ min: 0, max: 2 ** 53 - 1 });
    fc.assert(
      fc.property(limit, limit, limit, (value, a, b) => {
        const [min, max] = [Math.min(a, b), Math.max(a, b)];
        const { value: read } = parseInteger(`${value}`, { ...ANY, min, max });
        expect(read).toBe(value >= min && value <= max ? value : undefined);
      }),
    );
  });

  it("is nothing that is not written as JSON would write it", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const { value } = parseInteger(text, { ...ANY, min: 0, max: 2 ** 53 - 1 });
        expect(value === undefined ? text : `${value}`).toBe(text);
      }),
    );
  });
});

describe("words", () => {
  it("of a switch are two, in any case, and two digits", () => {
    const words = ["true", "True", "TRUE", "1", "false", "FALSE", "0"];
    expect(words.map((word) => parseBoolean(word).value)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it("of a choice are its own, in any case, and no others", () => {
    const choices = ["drop", "require"] as const;

    expect(parseChoice("Require", choices).value).toBe("require");
    fc.assert(
      fc.property(fc.string(), (text) => {
        const known = ["drop", "require"].includes(text.toLowerCase());
        expect(parseChoice(text, choices).value !== undefined).toBe(known);
      }),
    );
  });

  it("that are shown are short and on one line", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        expect(shown(text)).not.toContain("\n");
        expect(JSON.parse(shown(text)).length).toBeLessThanOrEqual(61);
      }),
    );
  });
});

describe("an API key", () => {
  it("is any text of 16 to 1024 visible ASCII characters", () => {
    const visible = fc.stringMatching(/^[!-~]{1,40}$/);
    fc.assert(
      fc.property(visible, (text) => {
        expect(parseApiKey(text).value).toBe(text.length >= 16 ? text : undefined);
      }),
    );
    expect(parseApiKey("k".repeat(1_024)).value).toHaveLength(1_024);
  });

  it("suits Alloy when it is base64 of 12 bytes or more", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const key = Buffer.from(bytes).toString("base64");
        expect(isAlloyKey(key)).toBe(bytes.length >= 12);
        expect(isAlloyKey(`${key} `)).toBe(false);
      }),
    );
  });

  it.for([
    "MDEyMzQ1Njc4OTAx\n",
    "MDEyMzQ1Njc4OTA=MDEyMzQ1",
    "MDEyMzQ1Njc4OTAxMg",
    "MDEy_zQ1Njc4OTAx",
  ])("does not suit Alloy when it is almost base64: %j", (key) => {
    expect(isAlloyKey(key)).toBe(false);
  });
});

describe("the nearest name", () => {
  it("is the name itself when it is known", () => {
    const name = fc.stringMatching(/^[A-Z_]{1,20}$/);
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1 }), fc.nat(), (names, at) => {
        const known = names[at % names.length] ?? "";
        expect(nearest(known, names)).toBe(known);
      }),
    );
  });

  it.for([
    ["TSP_PORT", ["TSP_HOST", "TSP_PARTS"], "TSP_HOST"],
    ["TSP_PROT", ["TSP_PORT", "TSP_HOST"], "TSP_PORT"],
    ["ABC", ["ABCDEF", "AB"], "AB"],
    ["", ["ABC", "A"], "A"],
  ] as const)("to %j among %j is %s", ([name, candidates, expected]) => {
    expect(nearest(name, candidates)).toBe(expected);
  });

  it("of no names is none", () => {
    expect(nearest("TSP_X", [])).toBeUndefined();
  });
});

describe("allowed hosts", () => {
  it("are what stands between the commas, in small letters and order", () => {
    const label = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
    const host = fc.array(label, { minLength: 2, maxLength: 4 }).map((labels) => labels.join("."));
    fc.assert(
      fc.property(fc.array(host), (hosts) => {
        const text = hosts.map((each) => each.toUpperCase()).join(" , ");
        expect(parseAllowedHosts(text).value).toEqual(hosts);
      }),
    );
  });
});
