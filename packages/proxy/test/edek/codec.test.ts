import { describe, expect, it } from "vitest";
import {
  decodeEdek,
  decodeEdekText,
  decodeWrappedKey,
  encodeEdek,
  MAX_EDEK_BYTES,
} from "../../src/edek/codec.ts";
import { LeasedTemplate } from "../../src/edek/leased-template.ts";
import { ProxyError } from "../../src/errors.ts";
import { hex, readVectors } from "./vectors.ts";

interface EdekVectors {
  readonly unleased: { readonly edek: string; readonly kmsConfigId: number; readonly data: string };
  readonly leased: {
    readonly edek: string;
    readonly kmsConfigId: number;
    readonly data: string;
    readonly leaseId: number;
    readonly iv: string;
    readonly wrappedKey: string;
    readonly wrappedKeyConfigId: number;
  };
  readonly garbage: readonly string[];
}

const vectors = readVectors("edek") as EdekVectors;
const WORDING = "Provided EDEK didn't contain IronCore EDEKs";
const INVALID = { status: "INVALID_PROVIDED_EDEK", message: expect.stringContaining(WORDING) };
const NESTED = "5b".repeat(1_000) + "5c".repeat(1_000);

describe("published EDEKs", () => {
  it("reads an unleased one", () => {
    const { edek, kmsConfigId, data } = vectors.unleased;

    expect(decodeEdekText(edek)).toEqual({ kmsConfigId, data: hex(data), lease: undefined });
  });

  it("reads a leased one and the wrapped key inside", () => {
    const { edek, kmsConfigId, data, leaseId, iv, wrappedKey } = vectors.leased;

    const decoded = decodeEdekText(edek);

    expect(decoded).toEqual({
      kmsConfigId,
      data: hex(data),
      lease: { id: leaseId, iv: hex(iv), wrappedKey: hex(wrappedKey) },
    });
    expect(decodeWrappedKey(hex(wrappedKey)).kmsConfigId).toBe(vectors.leased.wrappedKeyConfigId);
  });

  it.for([vectors.unleased.edek, vectors.leased.edek])("writes the very same bytes: %s", (text) => {
    expect(encodeEdek(decodeEdekText(text)).toString("base64")).toBe(text);
  });

  it("fills a lease's template with the very same bytes", () => {
    const { edek, kmsConfigId, leaseId, wrappedKey, data, iv } = vectors.leased;
    const template = new LeasedTemplate({
      kmsConfigId,
      leaseId,
      wrappedKey: hex(wrappedKey),
      ivBytes: 12,
    });

    expect(template.fill(hex(data), hex(iv)).toString("base64")).toBe(edek);
    expect(template.wrappedKey).toEqual(hex(wrappedKey));
  });

  it.for(vectors.garbage)("refuses the garbage %s with the wording clients look for", (text) => {
    expect(refusalOf(() => decodeEdekText(text))).toMatchObject(INVALID);
  });
});

describe("the base64 of the wire", () => {
  const good = encodeEdek({ data: Buffer.alloc(13, 0xff), kmsConfigId: 7, lease: undefined });
  const text = good.toString("base64");

  it("is taken with its padding", () => {
    expect(text).toMatch(/\/.*=$/);
    expect(decodeEdekText(text).kmsConfigId).toBe(7);
  });

  it.for([
    ["no text", ""],
    ["no padding", text.replace(/=+$/, "")],
    ["too much padding", `${text}=`],
    ["the URL alphabet", text.replaceAll("/", "_")],
    ["a line break", `${text.slice(0, 4)}\n${text.slice(4)}`],
    ["a blank behind", `${text} `],
    ["a character from elsewhere", `${text.slice(0, 4)}*${text.slice(4)}`],
    ["a letter that is not ASCII", text.replace(/^./, "Ā")],
    ["stray bits in the last character", strayBits(text)],
    ["more text behind the padding", `${text}${text}`],
  ] as const)("is refused with %s", ([, broken]) => {
    expect(refusalOf(() => decodeEdekText(broken)).message).toContain(WORDING);
  });
});

describe("the rules of protobuf", () => {
  const element = hex("0a0401020304 1007");

  it.for([
    ["fields in another order", "1007 0a0401020304"],
    ["a scalar twice: the last one wins", "1009 0a0401020304 1007"],
    ["bytes twice: the last ones win", "0a0109 1007 0a0401020304"],
    ["the tenant id that Alloy adds", "0a0401020304 1007 320474656e61"],
    ["an unknown varint", "5801 0a0401020304 1007"],
    ["an unknown fixed64", "590102030405060708 0a0401020304 1007"],
    ["unknown bytes", "5a020102 0a0401020304 1007"],
    ["an unknown fixed32", "5d01020304 0a0401020304 1007"],
    ["an unknown group", "5b 0801 5c 0a0401020304 1007"],
    ["groups in a group", "5b 6b 0801 6c 5c 0a0401020304 1007"],
    ["a field 2 of another wire type", "12020102 0a0401020304 1007"],
    ["a field 1 of another wire type", "0805 0a0401020304 1007"],
    ["a number with bytes to spare", "0a0401020304 10878000"],
    ["a length with bytes to spare", "0a84800001020304 1007"],
    ["the largest field number", "fa ffffff0f 00 0a0401020304 1007"],
  ] as const)("allow %s", ([, bytes]) => {
    expect(decodeEdek(inOne(hex(bytes)))).toEqual({
      data: hex("01020304"),
      kmsConfigId: 7,
      lease: undefined,
    });
  });

  it.for([
    ["nothing at all", ""],
    ["no element", "1007"],
    ["two elements", `${inOne(element).toString("hex")}${inOne(element).toString("hex")}`],
    ["an element that ends too early", inOne(element).toString("hex").slice(0, -2)],
    ["a length that does not fit 32 bits", "0a8480808010"],
    ["something behind the element", `${inOne(element).toString("hex")}ff`],
    ["a thousand groups in each other", `${NESTED}${inOne(element).toString("hex")}`],
  ] as const)("leave no room for %s", ([, bytes]) => {
    expect(refusalOf(() => decodeEdek(hex(bytes)))).toMatchObject(INVALID);
  });

  it.for([
    ["nothing in it", ""],
    ["no ciphertext", "1007"],
    ["an empty ciphertext", "0a00 1007"],
    ["no configuration", "0a0401020304"],
    ["the configuration 0", "0a0401020304 1000"],
    ["a number whose high bits do not fit", "0a0401020304 108780808010"],
    ["a number of 64 bits", "0a0401020304 1087808080808080808001"],
    ["a negative configuration", "0a0401020304 10ffffffffffffffffff01"],
    ["a negative lease id", "0a0401020304 1007 18ffffffffffffffffff01 220101 2a0102"],
    ["a length past its end", "0a0501020304"],
    ["an end inside a number", "0a0401020304 10"],
    ["an end inside a fixed32", "0a0401020304 1007 5d010203"],
    ["an end inside a fixed64", "0a0401020304 1007 5901020304050607"],
    ["a number of eleven bytes", `0a0401020304 1007 58 ${"80".repeat(10)} 01`],
    ["a tag that does not fit 32 bits", "0a0401020304 1007 d880808010 01"],
    ["the field number 0", "0a0401020304 1007 0001"],
    ["wire type 6", "0a0401020304 1007 5e01"],
    ["wire type 7", "0a0401020304 1007 5f01"],
    ["the end of a group that never began", "0a0401020304 1007 5c"],
    ["a group that never ends", "0a0401020304 1007 5b"],
    ["a group that ends with another number", "0a0401020304 1007 5b64"],
  ] as const)("leave no room for an element with %s", ([, bytes]) => {
    expect(refusalOf(() => decodeEdek(inOne(hex(bytes))))).toMatchObject(INVALID);
  });

  it.for([
    ["no lease id", { id: 0, iv: "01", wrappedKey: "02" }],
    ["no initialization vector", { id: 1, iv: "", wrappedKey: "02" }],
    ["no wrapped key", { id: 1, iv: "01", wrappedKey: "" }],
  ] as const)("are not enough for a lease with %s", ([, { id, iv, wrappedKey }]) => {
    const lease = Buffer.concat([
      element,
      Buffer.from([0x18, id]),
      Buffer.from([0x22, iv.length / 2]),
      hex(iv),
      Buffer.from([0x2a, wrappedKey.length / 2]),
      hex(wrappedKey),
    ]);

    expect(refusalOf(() => decodeEdek(inOne(lease))).message).toContain("incomplete");
  });

  it("take the largest configuration and lease id there are", () => {
    const edek = {
      data: Buffer.from("x"),
      kmsConfigId: 2 ** 31 - 1,
      lease: { id: 2 ** 31 - 1, iv: Buffer.from("iv"), wrappedKey: Buffer.from("key") },
    };

    expect(decodeEdek(encodeEdek(edek))).toEqual(edek);
  });
});

describe("the size of an EDEK", () => {
  it("is bounded, in bytes and as text", () => {
    const edek = { data: Buffer.alloc(MAX_EDEK_BYTES), kmsConfigId: 1, lease: undefined };
    const bytes = encodeEdek(edek);

    expect(refusalOf(() => decodeEdek(bytes)).message).toContain("too long");
    expect(refusalOf(() => decodeEdekText(bytes.toString("base64"))).message).toContain("too long");
    expect(refusalOf(() => decodeEdekText("A".repeat(10_000_000))).message).toContain("too long");
  });

  it("may be a few bytes below the bound", () => {
    const edek = { data: Buffer.alloc(MAX_EDEK_BYTES - 12, 1), kmsConfigId: 1, lease: undefined };

    expect(decodeEdekText(encodeEdek(edek).toString("base64"))).toEqual(edek);
  });
});

describe("the wrapped key of a lease", () => {
  it("is refused when it is leased itself", () => {
    expect(refusalOf(() => decodeWrappedKey(Buffer.from(vectors.leased.edek, "base64")))).toEqual(
      expect.objectContaining({ message: expect.stringContaining("itself leased") }),
    );
  });
});

/** The bytes as the one element of an `EncryptedDeks`. */
function inOne(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x0a, bytes.length]), bytes]);
}

function refusalOf(decode: () => unknown): ProxyError {
  try {
    decode();
  } catch (error) {
    if (error instanceof ProxyError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

/** The same bytes, with a bit set that no byte takes up. */
function strayBits(text: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const at = text.indexOf("=") - 1;
  const changed = alphabet[alphabet.indexOf(text[at] ?? "") + 1] ?? "";
  return text.slice(0, at) + changed + text.slice(at + 1);
}
