import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseExactJson } from "../../src/http/exact-json.ts";
import { parseExactly } from "../../src/http/json.ts";
import { parseInTurns } from "../../src/http/json-in-turns.ts";

/** So short that small texts are cut in many places. */
const PIECE = 4;

const KEYS = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.constantFrom("__proto__", "1", "0", 'a"b', "a\\b", "\\", '"', "tenantId", "edeks"),
);
const VALUES = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string({ maxLength: 12 }),
    fc.constantFrom('"', '\\"', "\\\\", "{", "[,]", "}", null, true),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.array(tie("value"), { maxLength: 6 }),
    fc.dictionary(KEYS, tie("value"), { maxKeys: 6 }),
  ),
})).value;
const OBJECTS = fc.dictionary(KEYS, VALUES, { maxKeys: 6 });

describe("a JSON text that is parsed in turns", () => {
  it("means what it means to JSON.parse", async () => {
    await fc.assert(
      fc.asyncProperty(OBJECTS, fc.constantFrom(undefined, 1), async (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        expect(await outcome(text)).toEqual(plainOutcome(text));
      }),
      { numRuns: 1_000 },
    );
  });

  it("is refused exactly when JSON.parse refuses it", async () => {
    const mutation = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      cut: fc.nat({ max: 3 }),
      put: fc.constantFrom("", ",", "{", "}", "[", "]", '"', "\\", ":", "1", " ", '"a":1', "[]"),
    });
    await fc.assert(
      fc.asyncProperty(OBJECTS, fc.array(mutation, { maxLength: 3 }), async (value, mutations) => {
        let text = JSON.stringify(value);
        for (const { at, cut, put } of mutations) {
          const start = Math.floor(at * text.length);
          text = text.slice(0, start) + put + text.slice(start + cut);
        }
        expect(await outcome(text)).toEqual(plainOutcome(text));
      }),
      { numRuns: 3_000 },
    );
  });

  it.for([
    ['{"a":[1,2,3,4,5],"a":[6]}', "the last of two members counts"],
    ['{"a":{"b":1,"c":2,"b":3,"__proto__":4}}', "the last of two items counts"],
    ['{{"a":1,"b":2}:1}', "an object is no name"],
    ['{"a":[1,2,3,4}}', "brackets match"],
    ['{"a":[1,2,3,]}', "a comma is followed by an item"],
    ['{"a":[,1,2,3]}', "a comma follows an item"],
    ['{"a":[1,2,3,4]', "what is open is closed"],
    ['{"a":"1,2,3,4', "a string ends"],
    ['{"a":[1,2,3,4]}]', "nothing follows"],
    ['[{"a":[1,2,3,4]}]', "it need not be an object"],
  ] as const)("is no other language: %s, %s", async ([text]) => {
    expect(await outcome(text)).toEqual(plainOutcome(text));
  });

  it("keeps whole numbers that no double holds, when asked to", async () => {
    const digits = Array.from(
      { length: 5_000 },
      (_, index) => `${2n ** 53n + BigInt(index * 2 + 1)}`,
    );

    expect(await parseExactly(`{"ids":[${digits.join(",")}],"one":1}`)).toEqual({
      ids: digits,
      one: 1,
    });
  });

  it("holds up nobody for longer than a piece takes", async () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `document-${index}`);
    const edeks = Object.fromEntries(names.map((name) => [name, "A".repeat(320)]));
    const text = JSON.stringify({ tenantId: "acme", edeks });
    let parses = 0;
    let longest = 0;
    const watched = (piece: string): unknown => {
      parses += 1;
      longest = Math.max(longest, piece.length);
      return JSON.parse(piece);
    };

    const value = await parseInTurns(text, watched);

    expect(value).toEqual({ tenantId: "acme", edeks });
    expect(parses).toBeGreaterThan(20);
    expect(longest).toBeLessThan(150_000);
  });
});

/** The value as text, members in their order, or that there is none. */
async function outcome(text: string): Promise<unknown> {
  try {
    return await parseInTurns(text, parseExactJson, PIECE).then(membersOf);
  } catch (error) {
    return error instanceof SyntaxError ? "no JSON" : error;
  }
}

function plainOutcome(text: string): unknown {
  try {
    return membersOf(parseExactJson(text));
  } catch {
    return "no JSON";
  }
}

/** Text that tells own members of every name, and their order. */
function membersOf(value: unknown): string {
  return JSON.stringify(value);
}
