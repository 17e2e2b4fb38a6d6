import { SEALED_KEY_BYTES } from "../edek/edek.ts";
import type { LeaseCipher } from "../edek/lease-ciphers.ts";
import type { RandomPool } from "./random-pool.ts";

/** Seals DEKs under lease keys, each with a new nonce. Its two results are those of the last `seal`. */
export class LeaseSealer {
  // Sealing never waits, so one buffer of each kind serves all of it.
  readonly sealed: Buffer = Buffer.alloc(SEALED_KEY_BYTES);
  /** `leasedKeyIv`: the version byte of the cipher, if it has one, and the nonce. */
  readonly iv: Buffer;
  readonly #cipher: LeaseCipher;
  readonly #random: RandomPool;
  readonly #nonceAt: number;

  constructor(cipher: LeaseCipher, random: RandomPool) {
    this.#cipher = cipher;
    this.#random = random;
    this.iv = Buffer.alloc(cipher.ivBytes);
    this.#nonceAt = cipher.version === undefined ? 0 : 1;
    if (cipher.version !== undefined) this.iv[0] = cipher.version;
  }

  seal(key: Buffer, dek: Buffer, binding: Buffer): void {
    this.#random.fill(this.iv, this.#nonceAt);
    this.#cipher.seal(this.sealed, key, dek, this.iv, binding);
  }
}
