import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { encodeCiphertext as azure } from "../../../kms-adapters/src/azure/ciphertext.ts";
import { encodeCiphertext as thales } from "../../../kms-adapters/src/thales/ciphertext.ts";
import { encodeEdek } from "../../src/edek/codec.ts";
import { inspectEdek } from "../../src/edek/inspect.ts";
import { readVectors } from "./vectors.ts";

const published = readVectors("edek") as Record<"unleased" | "leased", { readonly edek: string }>;
const wrapped = (kmsConfigId: number): Buffer =>
  encodeEdek({ data: Buffer.from("of the KMS"), kmsConfigId, lease: undefined });

const edekOf = (data: Buffer): string =>
  encodeEdek({ data, kmsConfigId: 5, lease: undefined }).toString("base64");

describe("what an EDEK says without any key", () => {
  it("is configuration and size when it is unleased", () => {
    const { kmsCiphertext = "", ...rest } = inspectEdek(published.unleased.edek);

    expect(rest).toEqual({
      kmsConfigId: 534,
      ciphertextBytes: 113,
      lease: undefined,
      kmsParts: undefined,
      problems: [],
    });
    // As every ciphertext of Google begins.
    expect(kmsCiphertext).toMatch(/^CiQA/);
    expect(Buffer.from(kmsCiphertext, "base64")).toHaveLength(113);
  });

  it("is also lease, cipher and what wraps the lease when it is leased", () => {
    expect(inspectEdek(`  ${published.leased.edek}\n`)).toMatchObject({
      kmsConfigId: 511,
      ciphertextBytes: 48,
      lease: {
        id: 640,
        cipher: "aes-256-gcm (original)",
        bound: false,
        kmsConfigId: 511,
        ciphertextBytes: 113,
        iv: expect.stringMatching(/^[\w+/]{16}$/),
        sealedKey: expect.stringMatching(/^[\w+/]{64}$/),
      },
      kmsCiphertext: expect.stringMatching(/^CiQA/),
      problems: [],
    });
  });

  it("tells the parts of what Azure and CipherTrust Manager made", () => {
    const [value, iv, tag] = [randomBytes(256), randomBytes(12), randomBytes(16)];
    const version = "b96d80d4f8f3466f92adcd7d1f9ef4d2";
    const ofAzure = edekOf(azure(value, version));
    const sealed = { ciphertext: value.subarray(0, 48), iv, tag, version: 3 };

    expect(inspectEdek(ofAzure).kmsParts).toEqual({
      value: value.toString("base64"),
      keyVersion: version,
    });
    expect(inspectEdek(edekOf(thales(sealed, "name"))).kmsParts).toEqual({
      ciphertext: sealed.ciphertext.toString("base64"),
      iv: iv.toString("base64"),
      tag: tag.toString("base64"),
      mode: "gcm",
      keyVersion: 3,
      keyIdType: "name",
    });
  });

  it.for([
    ["nothing of a message", Buffer.from("vault:v1:AAAA")],
    ["a message of other fields", Buffer.from("0a0100120200ff", "hex")],
    ["numbers for bytes", Buffer.from("08011202616200", "hex")],
    ["a field of another wire type", Buffer.from("0d00000000", "hex")],
  ] as const)("sees no parts in %s", ([, ciphertext]) => {
    const inspection = inspectEdek(edekOf(ciphertext));

    expect(inspection.kmsParts).toBeUndefined();
    expect(inspection.kmsCiphertext).toBe(ciphertext.toString("base64"));
  });

  it("names our own formats as bound", () => {
    const iv = Buffer.alloc(25, 3);
    const lease = { id: 1, iv, wrappedKey: wrapped(5) };
    const text = encodeEdek({ data: Buffer.alloc(48), kmsConfigId: 5, lease }).toString("base64");

    expect(inspectEdek(text)).toMatchObject({
      lease: { cipher: "xchacha20-poly1305", bound: true },
      problems: [],
    });
  });

  it.for([
    ["two configurations", { wrappedKey: wrapped(6) }, "names configuration 5"],
    ["an unknown cipher", { iv: Buffer.alloc(16) }, "no known cipher"],
    ["a wrapped key that is none", { wrappedKey: Buffer.from("edek") }, "holds no wrapped key"],
  ] as const)("warns of %s", ([, change, warning]) => {
    const lease = { id: 1, iv: Buffer.alloc(12), wrappedKey: wrapped(5), ...change };
    const text = encodeEdek({ data: Buffer.alloc(48), kmsConfigId: 5, lease }).toString("base64");

    expect(inspectEdek(text).problems).toEqual([expect.stringContaining(warning)]);
  });

  it("warns of a sealed key of another length", () => {
    const lease = { id: 1, iv: Buffer.alloc(12), wrappedKey: wrapped(5) };
    const text = encodeEdek({ data: Buffer.alloc(47), kmsConfigId: 5, lease }).toString("base64");

    expect(inspectEdek(text).problems).toEqual([expect.stringContaining("not 47")]);
  });

  it("is nothing when it is no EDEK", () => {
    expect(() => inspectEdek("ZWRlaw==")).toThrow("Provided EDEK didn't contain IronCore EDEKs");
  });
});
