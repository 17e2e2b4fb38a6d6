import { describe, expect, it } from "vitest";
import { encodeEdek } from "../../src/edek/codec.ts";
import { inspectEdek } from "../../src/edek/inspect.ts";
import { readVectors } from "./vectors.ts";

const published = readVectors("edek") as Record<"unleased" | "leased", { readonly edek: string }>;
const wrapped = (kmsConfigId: number): Buffer =>
  encodeEdek({ data: Buffer.from("of the KMS"), kmsConfigId, lease: undefined });

describe("what an EDEK says without any key", () => {
  it("is configuration and size when it is unleased", () => {
    expect(inspectEdek(published.unleased.edek)).toEqual({
      kmsConfigId: 534,
      ciphertextBytes: 113,
      lease: undefined,
      problems: [],
    });
  });

  it("is also lease, cipher and what wraps the lease when it is leased", () => {
    expect(inspectEdek(`  ${published.leased.edek}\n`)).toEqual({
      kmsConfigId: 511,
      ciphertextBytes: 48,
      lease: {
        id: 640,
        cipher: "aes-256-gcm (original)",
        bound: false,
        kmsConfigId: 511,
        ciphertextBytes: 113,
      },
      problems: [],
    });
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
