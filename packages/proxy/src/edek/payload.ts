import { ProxyError } from "../errors.ts";
import { bindingTag, matchesBinding } from "./binding.ts";
import { bindingMismatch } from "./denied-edek.ts";
import { KEY_BYTES } from "./edek.ts";

const BOUND_BYTES = 48;

/**
 * What a KMS gets to wrap: the key, and behind it the tag of `binding` when there is one.
 * The result holds the key in the clear; the caller wipes it.
 */
export function sealPayload(key: Buffer, binding: Buffer | undefined): Buffer {
  if (binding === undefined) return Buffer.from(key);
  const payload = Buffer.alloc(BOUND_BYTES);
  key.copy(payload);
  bindingTag(binding).copy(payload, KEY_BYTES);
  return payload;
}

/**
 * Checks what a KMS unwrapped. The key is the first 32 bytes of `payload`; true means that it was
 * bound, false that it is one of the original's, which are bound to nothing.
 * @throws DeniedEdek 203 for the payload of another tenant, configuration or lease
 * @throws ProxyError 205 for a length that nobody writes
 */
export function checkPayload(payload: Buffer, binding: Buffer): boolean {
  if (payload.length === KEY_BYTES) return false;
  if (payload.length !== BOUND_BYTES) {
    throw new ProxyError(
      "KMS_UNWRAP_FAILED",
      `The KMS gave back ${payload.length} bytes where a ${KEY_BYTES}-byte key was expected`,
    );
  }
  if (!matchesBinding(payload.subarray(KEY_BYTES), binding)) throw bindingMismatch();
  return true;
}
