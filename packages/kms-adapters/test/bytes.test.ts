import { randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBase64, ownCopy, wipe } from "../src/bytes.ts";

const ALPHABET = "ABz09+/=-_ \n".split("");

describe("an own copy", () => {
  it("has the same bytes in memory of its own", () => {
    const bytes = randomBytes(32);

    const copy = ownCopy(bytes);

    expect(copy.equals(bytes)).toBe(true);
    expect(copy.buffer.byteLength).toBe(32);
    wipe(copy);
    expect(copy.every((byte) => byte === 0)).toBe(true);
    expect(bytes.some((byte) => byte !== 0)).toBe(true);
  });

  it("of a part holds that part only", () => {
    expect(ownCopy(Buffer.from("abcdef").subarray(2, 4)).toString()).toBe("cd");
  });
});

describe("strict base64", () => {
  it("reads what an encoder wrote, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const decoded = decodeBase64(Buffer.from(bytes).toString("base64"));
        expect(decoded).toEqual(Buffer.from(bytes));
        expect(decoded?.buffer.byteLength).toBe(bytes.byteLength);
      }),
    );
  });

  it("accepts only texts that an encoder writes", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...ALPHABET) }), (text) => {
        const decoded = decodeBase64(text);
        expect(decoded === undefined || decoded.toString("base64") === text).toBe(true);
      }),
    );
  });

  it.for([
    ["a missing padding", "QQ"],
    ["half a padding", "QQ="],
    ["too much padding", "QUE=="],
    ["padding alone", "=="],
    ["one character", "Q"],
    ["a blank in front", " QUE="],
    ["a blank inside", "QU E="],
    ["a line break at the end", "QUE=\n"],
    ["the URL alphabet", "-_-_"],
    ["junk", "QUE*"],
    ["a null character", "QUE\0"],
    ["something after the padding", "QUE=QUE="],
    ["bits that no byte holds", "QUF="],
    ["a character of two bytes", "QUÉ="],
  ])("refuses %s", ([, text]) => {
    expect(decodeBase64(text ?? "")).toBeUndefined();
  });
});
