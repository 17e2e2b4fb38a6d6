import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import sodium from "sodium-native";
import type { ExchangedKey } from "../keys/key-exchange.ts";
import type { SealedKey } from "./calls.ts";

const KEY_BYTES = 32;
const NONCE_BYTES = 24;
const TAG_BYTES = 16;

/**
 * What keys are sealed with on their way between workers, because nobody can wipe the buffers of a
 * channel. Made by the primary, handed to each worker once, kept in locked memory.
 */
export class TransportKey {
  readonly #key: Buffer = sodium.sodium_malloc(KEY_BYTES);

  static random(): TransportKey {
    const key = new TransportKey();
    sodium.randombytes_buf(key.#key);
    return key;
  }

  /** Reads it from the primary's end of a pipe, where it is the first to come. */
  static async receive(pipe: Duplex): Promise<TransportKey> {
    const own = new TransportKey();
    let length = 0;
    for await (const chunk of pipe.iterator({ destroyOnReturn: false })) {
      const bytes = chunk as Buffer;
      bytes.copy(own.#key, length, 0, KEY_BYTES - length);
      length += bytes.length;
      bytes.fill(0);
      if (length >= KEY_BYTES) return own;
    }
    throw new Error("The primary process is gone");
  }

  send(pipe: Duplex): void {
    pipe.write(this.#key);
  }

  /** Seals a key for this name alone, and wipes it. */
  seal(name: string, { key, ...about }: ExchangedKey): SealedKey {
    const nonce = randomBytes(NONCE_BYTES);
    const sealed = Buffer.allocUnsafe(NONCE_BYTES + key.length + TAG_BYTES);
    nonce.copy(sealed);
    const text = sealed.subarray(NONCE_BYTES);
    const data = aboutText(name, about.leaseId);
    sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(text, key, data, null, nonce, this.#key);
    key.fill(0);
    return { sealed, ...about };
  }

  /** The receiver wipes the key. @throws Error when it was sealed for something else */
  open(name: string, { sealed, wrapped, ...about }: SealedKey): ExchangedKey {
    const bytes = asBuffer(sealed);
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const text = bytes.subarray(NONCE_BYTES);
    const key = Buffer.alloc(KEY_BYTES);
    const data = aboutText(name, about.leaseId);
    sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(key, null, text, data, nonce, this.#key);
    return { key, wrapped: asBuffer(wrapped), ...about };
  }

  wipe(): void {
    sodium.sodium_memzero(this.#key);
  }
}

function aboutText(name: string, leaseId: number): Buffer {
  return Buffer.from(`${leaseId}/${name}`);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
