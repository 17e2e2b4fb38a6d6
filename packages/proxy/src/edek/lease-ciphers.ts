import { createCipheriv, createDecipheriv } from "node:crypto";
import sodium from "sodium-native";

/** One way to wrap a DEK under a lease key. Nothing here keeps a byte of a key after it returns. */
export interface LeaseCipher {
  readonly name: "xchacha20-poly1305" | "aes-256-gcm" | "aes-256-gcm (original)";
  /** Length of `leasedKeyIv`, the version byte included. */
  readonly ivBytes: number;
  /** First byte of `leasedKeyIv`; the original has none. */
  readonly version: number | undefined;
  /** Whether the binding text is authenticated. */
  readonly bound: boolean;
  /** Whether random nonces are short enough that the number of wraps under one key matters. */
  readonly limited: boolean;

  /** Writes ciphertext and 16-byte tag. `iv` is the whole `leasedKeyIv`, `binding` the AAD. */
  seal(sealed: Buffer, key: Buffer, dek: Buffer, iv: Buffer, binding: Buffer): void;

  /** Writes the DEK, 16 bytes shorter; false, and zeros, when `sealed` is not authentic. */
  open(dek: Buffer, key: Buffer, sealed: Buffer, iv: Buffer, binding: Buffer): boolean;
}

export interface SealingSettings {
  readonly binding: "tenant" | "none";
  readonly leaseCipher: keyof typeof LEASE_CIPHERS;
}

const TAG_BYTES = 16;
const GCM_NONCE_BYTES = 12;
const XCHACHA_NONCE_BYTES = 24;

// Everything here is synchronous, so one nonce buffer serves the process.
const xchachaNonce = Buffer.alloc(XCHACHA_NONCE_BYTES);

const XCHACHA: LeaseCipher = {
  name: "xchacha20-poly1305",
  ivBytes: 1 + XCHACHA_NONCE_BYTES,
  version: 0x03,
  bound: true,
  limited: false,

  seal(sealed, key, dek, iv, binding) {
    iv.copy(xchachaNonce, 0, 1);
    sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
      sealed,
      dek,
      binding,
      null,
      xchachaNonce,
      key,
    );
  },

  open(dek, key, sealed, iv, binding) {
    iv.copy(xchachaNonce, 0, 1);
    try {
      sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
        dek,
        null,
        sealed,
        binding,
        xchachaNonce,
        key,
      );
      return true;
    } catch {
      dek.fill(0);
      return false;
    }
  },
};

const AES_GCM: LeaseCipher = aesGcm("aes-256-gcm", 0x02);
const ORIGINAL: LeaseCipher = aesGcm("aes-256-gcm (original)", undefined);

/** Which ciphers can be written; all of them, and the original's, can always be read. */
export const LEASE_CIPHERS: Readonly<Record<"xchacha20-poly1305" | "aes-256-gcm", LeaseCipher>> = {
  "xchacha20-poly1305": XCHACHA,
  "aes-256-gcm": AES_GCM,
};

/** What the original writes: no version byte, nothing authenticated beside the key. */
export const ORIGINAL_LEASE_CIPHER: LeaseCipher = ORIGINAL;

/** What new EDEKs are sealed with under a lease. */
export function sealsWith({ binding, leaseCipher }: SealingSettings): LeaseCipher {
  return binding === "tenant" ? LEASE_CIPHERS[leaseCipher] : ORIGINAL_LEASE_CIPHER;
}

const BY_VERSION: ReadonlyMap<number, LeaseCipher> = new Map([
  [0x02, AES_GCM],
  [0x03, XCHACHA],
]);

/** The cipher that a `leasedKeyIv` names; undefined when no such cipher was ever written. */
export function leaseCipherOf(iv: Buffer): LeaseCipher | undefined {
  if (iv.length === GCM_NONCE_BYTES) return ORIGINAL;
  const cipher = BY_VERSION.get(iv[0] ?? 0);
  return cipher?.ivBytes === iv.length ? cipher : undefined;
}

function aesGcm(name: LeaseCipher["name"], version: number | undefined): LeaseCipher {
  const bound = version !== undefined;
  const nonceStart = bound ? 1 : 0;
  const options = { authTagLength: TAG_BYTES };

  return {
    name,
    ivBytes: nonceStart + GCM_NONCE_BYTES,
    version,
    bound,
    limited: true,

    seal(sealed, key, dek, iv, binding) {
      const cipher = createCipheriv("aes-256-gcm", key, iv.subarray(nonceStart), options);
      if (bound) cipher.setAAD(binding);
      cipher.update(dek).copy(sealed);
      cipher.final();
      cipher.getAuthTag().copy(sealed, dek.length);
    },

    open(dek, key, sealed, iv, binding) {
      let opened: Buffer | undefined;
      try {
        const decipher = createDecipheriv("aes-256-gcm", key, iv.subarray(nonceStart), options);
        if (bound) decipher.setAAD(binding);
        decipher.setAuthTag(sealed.subarray(dek.length));
        opened = decipher.update(sealed.subarray(0, dek.length));
        decipher.final();
        opened.copy(dek);
        return true;
      } catch {
        dek.fill(0);
        return false;
      } finally {
        opened?.fill(0);
      }
    },
  };
}
