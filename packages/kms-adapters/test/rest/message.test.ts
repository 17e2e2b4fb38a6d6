import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bytesField,
  decodeMessage,
  encodeMessage,
  type Field,
  numberField,
  textField,
} from "../../src/rest/message.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

describe("a flat message", () => {
  it("is written as protoc writes it", () => {
    const message = encodeMessage(Buffer.from([1, 2]), "gcm", 300, -1);

    expect(hex(message)).toBe("0a020102120367636d18ac0220ffffffffffffffffff01");
  });

  it("leaves out what is zero or empty", () => {
    expect(hex(encodeMessage(Buffer.alloc(0), "", 0, 7))).toBe("2007");
  });

  it("comes back as it went in, whatever its fields", () => {
    const field = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.string(), fc.integer());
    fc.assert(
      fc.property(fc.array(field, { maxLength: 20 }), (fields) => {
        const decoded = decodeMessage(encodeMessage(...fields));
        for (const [index, value] of fields.entries()) {
          const found = decoded?.get(index + 1);
          expect(read(found, value)).toBe(typeof value === "object" ? hex(value) : written(value));
        }
      }),
    );
  });

  it("is read or refused, never an exception, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const fields = decodeMessage(bytes);
        for (const field of fields?.values() ?? []) textField(field);
        expect(fields === undefined || fields instanceof Map).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it.for<[string, string]>([
    ["the last of several values", "0a01610a0162"],
    ["an unknown varint before it", "9806010a0162"],
    ["an unknown fixed64 before it", "990600000000000000000a0162"],
    ["an unknown fixed32 before it", "9d06000000000a0162"],
  ])("is read with %s", ([, message]) => {
    expect(textField(decodeMessage(Buffer.from(message, "hex"))?.get(1))).toBe("b");
  });

  it.for<[string, string]>([
    ["a length beyond its end", "0a0561"],
    ["half a tag", "80"],
    ["half a length", "0a80"],
    ["half a number", "0880"],
    ["a field number of zero", "0201"],
    ["the start of a group", "0b"],
    ["an unknown wire type", "0e01"],
    ["half a fixed64", "0900"],
    ["half a fixed32", "0d00"],
    ["a varint without end", "08" + "80".repeat(11)],
    ["a length that only a bigger machine could hold", "0affffffffffffffff7f"],
  ])("is refused for %s", ([, message]) => {
    expect(decodeMessage(Buffer.from(message, "hex"))).toBeUndefined();
  });

  it("has no text where the bytes are no UTF-8", () => {
    expect(textField(Buffer.from([0xff]))).toBeUndefined();
  });

  it("gives fields of another kind as absent", () => {
    expect([textField(1), hex(bytesField(1)), numberField(Buffer.from("1"))]).toEqual(["", "", 0]);
  });
});

function read(field: Field | undefined, like: Uint8Array | string | number) {
  if (typeof like === "number") return numberField(field);
  return typeof like === "string" ? textField(field) : hex(bytesField(field));
}

/** What UTF-8 makes of a text that has halves of surrogate pairs in it. */
function written(value: string | number): string | number {
  return typeof value === "number" ? value : Buffer.from(value, "utf8").toString("utf8");
}
