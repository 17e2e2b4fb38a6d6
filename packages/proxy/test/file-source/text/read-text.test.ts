import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Path } from "../../../src/file-source/text/path.ts";
import { readText, TextError } from "../../../src/file-source/text/read-text.ts";

const YAML = `# a comment
version: 1
kmsConfigurations:
  - id: 534
    keyPath: { projectId: "p", 'locationId': l }
  - &two
    id: 535
tenants:
  - *two
  - id: "ä ☃"
    configurations:
      - {id: 1,
         active: true}
    empty:
    list: [a, [b, c], {d: e}]
`;

describe("a text", () => {
  it.for([
    ["JSON", '{"a": [1, null, "x"]}'],
    ["YAML", "a:\n  - 1\n  -\n  - x\n"],
    ["flow YAML, which is almost JSON", "{a: [1, ~, 'x',]}"],
    ["JSON with a blank in front", ' \n{"a": [1, null, "x"]}'],
    ["YAML with Windows line ends", "a:\r\n  - 1\r\n  -\r\n  - x\r\n"],
    ["YAML with a document start", "---\na: [1, null, x]\n...\n"],
  ] as const)("may be %s", ([, text]) => {
    expect(readText(text).value).toEqual({ a: [1, null, "x"] });
  });

  it("keeps words that older YAML took for something else", () => {
    const { value } = readText("[yes, no, on, 0o17, 017, 1:30, 2026-01-01, <<, =]");
    expect(value).toEqual(["yes", "no", "on", 15, 17, "1:30", "2026-01-01", "<<", "="]);
  });

  it("may use aliases", () => {
    expect(readText("a: &x {b: 1}\nc: *x\n").value).toEqual({ a: { b: 1 }, c: { b: 1 } });
  });

  it("never touches the prototype of an object", () => {
    for (const text of ['{"__proto__": {"id": 1}}', "__proto__: {id: 1}"]) {
      const { value } = readText(text);
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      expect(Object.keys(Object(value))).toEqual(["__proto__"]);
    }
  });

  it.for([
    ["a key twice", "a: 1\nb: 2\na: 3\n", "3:1 duplicated mapping key"],
    ["a key twice in JSON", '{"a": 1,\n "b": {"c": 1, "c": 2}}', "2:17 duplicated mapping key"],
    ["an escaped key twice in JSON", '{"a": 1, "\\u0061": 2}', "1:11 duplicated mapping key"],
    ["a tag of its own", "a: !secret x\n", "1:4 unknown scalar tag"],
    ["a tag of another language", "a: !!js/function x\n", "1:4 unknown scalar tag"],
    ["an alias without an anchor", "a: *hunter2\n", "unidentified alias"],
    ["two documents", "a: 1\n---\nb: 2\n", "expected one document, found several"],
    ["an open bracket", '{"a": [1, 2\n', "unexpected end of the stream"],
    ["a tab for a blank", "a:\n\tb: 1\n", "2:1 tab characters must not be used in indentation"],
    ["too many levels", "[".repeat(100) + "]".repeat(100), "nesting exceeded maxDepth (32)"],
    ["a list as a key", "? [a]\n: 1\n", "does not support complex keys"],
    ["a character that cannot be", "a: \u0007\n", "non-printable characters"],
  ] as const)("is refused with %s", ([, text, message]) => {
    expect(refusal(text)).toContain(message);
  });

  it.for([
    "a: *sEcReT\n",
    "a: !sEcReT x\n",
    "a: !<sEcReT> x\n",
    "a: !sEc!ReT x\n",
    "a: !!int sEcReT\n",
    "%TAG !sEcReT! x y z\n---\n",
    "%TAG !s! sEcReT:{}\n---\na\n",
    "a: !sEcReT{} x\n",
    "a: 'sEcReT\n",
    'a: "sEcReT \\q"\n',
    '{"a": "sEcReT" "b"}',
    "sEcReT\nb: 1\n",
    "a: b: sEcReT\n",
    "a: - sEcReT\n",
    "&sEcReT &sEcReT a\n",
    "a: | sEcReT\n",
  ])("that is refused is not shown: %j", (text) => {
    expect(refusal(text)).toMatch(/^((?!sEc).)+$/);
  });

  it("of any kind is read or refused in one line", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
        expect(refusal(text) ?? "").not.toContain("\n");
      }),
    );
  });
});

describe("a position", () => {
  it.for([
    [[], "1:1"],
    [["version"], "2:1"],
    [["kmsConfigurations"], "3:1"],
    [["kmsConfigurations", 0], "4:5"],
    [["kmsConfigurations", 0, "id"], "4:5"],
    [["kmsConfigurations", 0, "keyPath"], "5:5"],
    [["kmsConfigurations", 0, "keyPath", "projectId"], "5:16"],
    [["kmsConfigurations", 0, "keyPath", "locationId"], "5:32"],
    [["kmsConfigurations", 1, "id"], "7:5"],
    [["tenants", 0], "9:5"],
    [["tenants", 1, "configurations", 0, "active"], "13:10"],
    [["tenants", 1, "empty"], "14:5"],
    [["tenants", 1, "list", 1, 1], "15:19"],
    [["tenants", 1, "list", 2, "d"], "15:24"],
  ] as const)("of %j is %s", ([path, expected]) => {
    const [at] = readText(YAML).locate([path]);
    expect(`${at?.line}:${at?.column}`).toBe(expected);
  });

  it.for([
    ["is missing", ["tenants", 1, "keyLeasingRequired"], "10:5"],
    ["is deep below a missing one", ["tenants", 1, "configurations", 7, "id"], "11:5"],
    ["is behind an alias", ["tenants", 0, "id"], "9:5"],
    ["has another type than thought", ["version", 0, "x"], "2:1"],
  ] as const)("of what %s is its nearest ancestor's", ([, path, expected]) => {
    const [at] = readText(YAML).locate([path]);
    expect(`${at?.line}:${at?.column}`).toBe(expected);
  });

  it("points at every part of any JSON text", () => {
    const name = fc.string({ minLength: 1, maxLength: 5 });
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ maxDepth: 4 }, tie("leaf"), tie("list"), tie("object")),
      leaf: fc.oneof(fc.string({ maxLength: 5 }), fc.integer(), fc.boolean(), fc.constant(null)),
      list: fc.array(tie("tree"), { maxLength: 3 }),
      object: fc.dictionary(name, tie("tree"), { maxKeys: 3 }),
    }));
    const document = fc.dictionary(name, tree, { minKeys: 1, maxKeys: 4 });

    fc.assert(
      fc.property(document, fc.constantFrom(0, 1, 2), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        const lines = text.split("\n");
        const parts = [...partsOf(value, [])];
        const positions = readText(text).locate(parts.map(({ path }) => path));
        for (const [index, { start }] of parts.entries()) {
          const { line = 0, column = 0 } = positions[index] ?? {};
          expect(lines[line - 1]?.slice(column - 1)).toSatisfy((rest: string) =>
            rest.startsWith(start),
          );
        }
      }),
    );
  });
});

/** Every part of a JSON value and what stands where it begins: its name, or itself in a list. */
function* partsOf(value: unknown, path: Path): Generator<{ path: Path; start: string }> {
  if (typeof value !== "object" || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    const step = Array.isArray(value) ? Number(name) : name;
    const start = JSON.stringify(Array.isArray(value) ? member : name);
    yield { path: [...path, step], start: start.slice(0, typeof member === "object" ? 1 : 50) };
    yield* partsOf(member, [...path, step]);
  }
}

/** Why a text is refused; undefined when it is read. */
function refusal(text: string): string | undefined {
  try {
    readText(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof TextError)) throw error;
    const { position, message } = error;
    return position ? `${position.line}:${position.column} ${message}` : message;
  }
}
