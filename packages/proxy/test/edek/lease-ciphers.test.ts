import { createDecipheriv } from "node:crypto";
import { describe, expect, it } from "vitest";
import { bindingText } from "../../src/edek/binding.ts";
import { decodeEdekText } from "../../src/edek/codec.ts";
import {
  LEASE_CIPHERS,
  type LeaseCipher,
  leaseCipherOf,
  ORIGINAL_LEASE_CIPHER,
} from "../../src/edek/lease-ciphers.ts";
import { LeasedTemplate } from "../../src/edek/leased-template.ts";
import { hex, readVectors } from "./vectors.ts";

interface AeadVector {
  readonly key: string;
  readonly nonce: string;
  readonly aad: string;
  readonly plaintext: string;
  readonly ciphertext: string;
  readonly tag: string;
}

interface LeasedVectors {
  readonly tenantId: string;
  readonly kmsConfigId: number;
  readonly leaseId: number;
  readonly leaseKey: string;
  readonly dek: string;
  readonly wrappedKey: string;
  readonly formats: readonly {
    readonly cipher: string;
    readonly iv: string;
    readonly sealed: string;
    readonly edek: string;
  }[];
}

const XCHACHA = LEASE_CIPHERS["xchacha20-poly1305"];
const AES_GCM = LEASE_CIPHERS["aes-256-gcm"];
const ALL = [XCHACHA, AES_GCM, ORIGINAL_LEASE_CIPHER];

const published: readonly (readonly [LeaseCipher, AeadVector])[] = [
  ...aeadVectors("xchacha20-poly1305").map((vector) => [XCHACHA, vector] as const),
  ...aeadVectors("aes-256-gcm").map((vector) => [AES_GCM, vector] as const),
  // The original authenticates nothing beside the key.
  ...aeadVectors("aes-256-gcm")
    .filter(({ aad }) => aad === "")
    .map((vector) => [ORIGINAL_LEASE_CIPHER, vector] as const),
];

describe("published test vectors", () => {
  it.for(published)("are met by $0.name, case $1.case", ([cipher, vector]) => {
    const { key, aad, plaintext, ciphertext, tag } = vector;
    const iv = ivOf(cipher, hex(vector.nonce));
    const sealed = Buffer.alloc(hex(plaintext).length + 16);
    const opened = Buffer.alloc(hex(plaintext).length);

    cipher.seal(sealed, hex(key), hex(plaintext), iv, hex(aad));

    expect(sealed.toString("hex")).toBe(ciphertext + tag);
    expect(cipher.open(opened, hex(key), sealed, iv, hex(aad))).toBe(true);
    expect(opened.toString("hex")).toBe(plaintext);
  });

  it("are there for each cipher that is written", () => {
    expect(new Set(published.map(([cipher]) => cipher))).toEqual(new Set(ALL));
  });
});

describe("committed leased EDEKs", () => {
  const vectors = readVectors("leased-edek") as LeasedVectors;
  const { tenantId, kmsConfigId, leaseId } = vectors;
  const binding = bindingText(tenantId, kmsConfigId, leaseId);

  it.for(vectors.formats)("of $cipher open", ({ cipher: name, edek }) => {
    const { data, lease } = decodeEdekText(edek);
    const cipher = leaseCipherOf(lease!.iv);
    const dek = Buffer.alloc(32);

    expect(cipher?.name).toBe(name);
    expect(cipher?.open(dek, hex(vectors.leaseKey), data, lease!.iv, binding)).toBe(true);
    expect(dek.toString("hex")).toBe(vectors.dek);
  });

  it.for(vectors.formats)("of $cipher are what we write", ({ iv, sealed, edek }) => {
    const cipher = leaseCipherOf(hex(iv))!;
    const { ivBytes } = cipher;
    const wrappedKey = hex(vectors.wrappedKey);
    const template = new LeasedTemplate({ kmsConfigId, leaseId, wrappedKey, ivBytes });
    const written = Buffer.alloc(48);

    cipher.seal(written, hex(vectors.leaseKey), hex(vectors.dek), hex(iv), binding);

    expect(written.toString("hex")).toBe(sealed);
    expect(template.fill(written, hex(iv)).toString("base64")).toBe(edek);
  });

  it("of the original open without any additional data", () => {
    const { data, lease } = decodeEdekText(vectors.formats[2]!.edek);
    const decipher = createDecipheriv("aes-256-gcm", hex(vectors.leaseKey), lease!.iv);
    decipher.setAuthTag(data.subarray(32));

    expect(decipher.update(data.subarray(0, 32)).toString("hex")).toBe(vectors.dek);
    expect(() => decipher.final()).not.toThrow();
  });
});

describe("leasedKeyIv", () => {
  it.for([
    [12, undefined, "aes-256-gcm (original)"],
    [12, 0x03, "aes-256-gcm (original)"],
    [13, 0x02, "aes-256-gcm"],
    [25, 0x03, "xchacha20-poly1305"],
    [13, 0x03, undefined],
    [25, 0x02, undefined],
    [13, 0x01, undefined],
    [25, 0x00, undefined],
    [1, 0x03, undefined],
    [0, undefined, undefined],
    [16, 0x02, undefined],
    [24, 0x03, undefined],
    [26, 0x03, undefined],
  ] as const)("of %d bytes starting with %s names %s", ([length, version, name]) => {
    const iv = Buffer.alloc(length, 9);
    if (version !== undefined) iv[0] = version;

    expect(leaseCipherOf(iv)?.name).toBe(name);
  });
});

describe.for(ALL)("$name", (cipher) => {
  const key = Buffer.alloc(32, 1);
  const dek = Buffer.alloc(32, 2);
  const iv = ivOf(cipher, Buffer.alloc(cipher.ivBytes - (cipher.version === undefined ? 0 : 1), 3));
  const binding = bindingText("acme", 1, 2);
  const sealed = Buffer.alloc(48);
  cipher.seal(sealed, key, dek, iv, binding);

  it.for([4, 8, 12, 15])("refuses a tag cut to %d bytes", (length) => {
    const cut = sealed.subarray(0, 32 + length);

    expect(openOf(cipher, key, cut, iv, binding)).toEqual({ ok: false, dek: Buffer.alloc(32) });
  });

  it.for([
    ["the ciphertext", { at: 0 }],
    ["the tag", { at: 47 }],
  ] as const)("gives zeros when %s was changed", ([, { at }]) => {
    const changed = Buffer.from(sealed);
    changed[at]! ^= 1;

    expect(openOf(cipher, key, changed, iv, binding)).toEqual({ ok: false, dek: Buffer.alloc(32) });
  });

  it("does not open under another key", () => {
    expect(openOf(cipher, Buffer.alloc(32, 9), sealed, iv, binding).ok).toBe(false);
  });

  it("authenticates the binding if and only if it says so", () => {
    const other = openOf(cipher, key, sealed, iv, bindingText("other", 1, 2));

    expect(other.ok).toBe(!cipher.bound);
  });
});

function openOf(
  cipher: LeaseCipher,
  key: Buffer,
  sealed: Buffer,
  iv: Buffer,
  binding: Buffer,
): { ok: boolean; dek: Buffer } {
  const dek = Buffer.alloc(32, 0xff);
  const ok = cipher.open(dek, key, sealed, iv, binding);
  return { ok, dek };
}

function ivOf({ version }: LeaseCipher, nonce: Buffer): Buffer {
  return version === undefined ? nonce : Buffer.concat([Buffer.from([version]), nonce]);
}

function aeadVectors(name: string): readonly AeadVector[] {
  return (readVectors(name) as { readonly vectors: readonly AeadVector[] }).vectors;
}
