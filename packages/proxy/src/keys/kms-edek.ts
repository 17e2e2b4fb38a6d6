import { encodeEdek } from "../edek/codec.ts";
import { ProxyError } from "../errors.ts";

/** Leaves room for everything that stands around a wrapped lease key in an EDEK. */
const MAX_CIPHERTEXT_BYTES = 8 * 1024;

/**
 * The serialized `EncryptedDeks` around what a KMS gave for a key.
 * @throws ProxyError 204 for a ciphertext that nobody could hand back to us
 */
export function encodeKmsEdek(data: Buffer, kmsConfigId: number): Buffer {
  if (data.length <= MAX_CIPHERTEXT_BYTES) {
    return encodeEdek({ data, kmsConfigId, lease: undefined });
  }
  throw new ProxyError(
    "KMS_WRAP_FAILED",
    `The KMS of configuration ${kmsConfigId} gave a ciphertext of ${data.length} bytes; at most ` +
      `${MAX_CIPHERTEXT_BYTES} can be used`,
  );
}
