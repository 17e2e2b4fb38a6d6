import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseExactJson } from "../../src/http/exact-json.ts";
import { startHttp } from "./support/start.ts";

/** Keys that V8's parser confuses with each other, and some that it does not. */
const KEY = fc.oneof(
  fc
    .array(fc.constantFrom("\\", '"', "a", "\n", "ü", "/"), { maxLength: 4 })
    .map((parts) => parts.join("")),
  fc.constantFrom("__proto__", "1", "tenantId"),
);

describe("JSON that is parsed exactly", () => {
  it("has every key as it was sent, whatever was parsed before", () => {
    const objects = fc.array(fc.dictionary(KEY, fc.oneof(KEY, fc.integer())), { maxLength: 6 });
    fc.assert(
      fc.property(objects, (values) => {
        for (const value of values) {
          const text = JSON.stringify(value);
          const parsed = parseExactJson(text) as Record<string, unknown>;
          expect(Object.entries(parsed)).toEqual(Object.entries(value));
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("is refused exactly when it is no JSON", () => {
    const parts = ["{", "}", '"', "\\", ":", "1", ",", "a", '\\"', "\\\\", "u0022", " "];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...parts), { maxLength: 12 }), (pieces) => {
        const text = pieces.join("");
        expect(refuses(() => parseExactJson(text))).toBe(refuses(() => JSON.parse(text)));
      }),
      { numRuns: 5_000 },
    );
  });

  it("does not let one request change what the documents of the next are called", async () => {
    const { post } = await startHttp();
    for (const documentId of ["\\", '"', "a\\", 'a"']) {
      const edeks = { [documentId]: "AAAA" };
      const { json } = await post("/api/1/document/batch-unwrap", { edeks });
      const { keys, failures } = json as Record<"keys" | "failures", object>;
      expect(Object.keys({ ...keys, ...failures })).toEqual([documentId]);
    }
  });
});

function refuses(parse: () => unknown): boolean {
  try {
    parse();
    return false;
  } catch {
    return true;
  }
}
