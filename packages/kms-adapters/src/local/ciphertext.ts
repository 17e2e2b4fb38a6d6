import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from "node:crypto";
import { wipe } from "../bytes.ts";
import { localError } from "./faults.ts";
import type { LocalKey } from "./options.ts";

const ALGORITHM = "aes-256-gcm";
// "LK" and a format version. Two fixed non-zero bytes in front keep a short EDEK from looking like
// a document header to clients that guess by the fifth and sixth byte (wire-protocol 4.2).
const MAGIC = Buffer.from([0x4c, 0x4b, 0x01]);
const HEADER_BYTES = MAGIC.byteLength + 4;
export const IV_BYTES = 12;
const TAG_BYTES = 16;
const OVERHEAD = HEADER_BYTES + IV_BYTES + TAG_BYTES;
const TAG_OPTIONS = { authTagLength: TAG_BYTES } as const;

/** One version of a key with everything that is the same in all its ciphertexts. */
export interface KeyVersion {
  /** A copy outside the JavaScript heap, overwritten when it is collected; four times as fast. */
  readonly key: KeyObject;
  readonly header: Buffer;
  readonly aad: Buffer;
}

export function keyVersion({ version, key }: LocalKey, keyName: string): KeyVersion {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32BE(version, MAGIC.byteLength);
  const aad = Buffer.concat([header, Buffer.from(keyName, "utf8")]);
  return { key: createSecretKey(key), header, aad };
}

/** @throws DriverError when this is no ciphertext of the driver */
export function versionOf(wrapped: Uint8Array): number {
  const bytes = Buffer.from(wrapped.buffer, wrapped.byteOffset, wrapped.byteLength);
  if (bytes.byteLength <= OVERHEAD || !bytes.subarray(0, MAGIC.byteLength).equals(MAGIC)) {
    throw localError("MALFORMED");
  }
  return bytes.readUInt32BE(MAGIC.byteLength);
}

/** header ‖ IV ‖ ciphertext ‖ tag, with header and key name authenticated. */
export function seal({ key, header, aad }: KeyVersion, iv: Uint8Array, plain: Uint8Array): Buffer {
  const cipher = createCipheriv(ALGORITHM, key, iv, TAG_OPTIONS);
  cipher.setAAD(aad);
  const body = cipher.update(plain);
  cipher.final();
  return Buffer.concat([header, iv, body, cipher.getAuthTag()]);
}

/** @throws DriverError when the tag does not match */
export function open({ key, aad }: KeyVersion, wrapped: Uint8Array): Buffer {
  const start = HEADER_BYTES + IV_BYTES;
  const end = wrapped.byteLength - TAG_BYTES;
  const iv = wrapped.subarray(HEADER_BYTES, start);
  const decipher = createDecipheriv(ALGORITHM, key, iv, TAG_OPTIONS);
  decipher.setAAD(aad);
  decipher.setAuthTag(wrapped.subarray(end));
  const plaintext = decipher.update(wrapped.subarray(start, end));
  try {
    decipher.final();
    return plaintext;
  } catch (cause) {
    wipe(plaintext);
    throw localError("TAMPERED", cause);
  }
}
