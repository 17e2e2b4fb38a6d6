import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasDuplicateKeys } from "../../../src/file-source/text/duplicate-keys.ts";
import { formatPath, quoted } from "../../../src/file-source/text/path.ts";

describe("a key that is there twice", () => {
  it.for([
    '{"a":1,"a":1}',
    '{"a":{"b":1,"b":2}}',
    '[{"a":1},{"c":[{"a":1 , "a" :2}]}]',
    '{"a\\"":1,"a\\"":2}',
    '{"\\\\":1,"\\\\":2}',
    '{"a":1,"\\u0061":2}',
    '{"":1,"":2}',
    '{"__proto__":1,"__proto__":2}',
    '{"a"\n\t\r :1,"a":2}',
  ])("is found in %j", (text) => {
    expect(hasDuplicateKeys(text, JSON.parse(text))).toBe(true);
  });

  it.for(["{}", '"a"', '{"a":"a","b":"a: b"}', '{"a":["a","a"]}', '{"a":"\\":","b":"\\\\"}'])(
    "is not found in %j",
    (text) => {
      expect(hasDuplicateKeys(text, JSON.parse(text))).toBe(false);
    },
  );

  it("is never found in what JSON.stringify writes", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(hasDuplicateKeys(text, JSON.parse(text))).toBe(false);
      }),
    );
  });

  it("is always found when a member is repeated", () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 });
    fc.assert(
      fc.property(object, (value) => {
        const members = Object.entries(value).map(
          ([name, member]) => `${JSON.stringify(name)}:${JSON.stringify(member)}`,
        );
        const text = `{${[...members, members[0]].join(",")}}`;
        expect(hasDuplicateKeys(text, JSON.parse(text))).toBe(true);
      }),
    );
  });
});

describe("a path", () => {
  it.for([
    [[], ""],
    [["tenants", 2, "configurations", 0, "id"], "tenants[2].configurations[0].id"],
    [["tenants", 0, "a b"], 'tenants[0]["a b"]'],
    [["line\nbreak"], '["line\\nbreak"]'],
    [["x".repeat(100)], `["${"x".repeat(60)}…"]`],
  ] as const)("of %j is written %s", ([path, text]) => {
    expect(formatPath(path)).toBe(text);
  });

  it("never has more than one line", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        expect(formatPath([name]) + quoted(name)).not.toContain("\n");
      }),
    );
  });
});
