import { hash, timingSafeEqual } from "node:crypto";

const LABEL = Buffer.from("tsp-edek-v2", "ascii");

const TAG_BYTES = 16;

/**
 * What an EDEK is bound to: the label, then tenant id (u32 big-endian byte length and UTF-8),
 * configuration id and lease id (u32 big-endian each; 0 when unleased).
 */
export function bindingText(tenantId: string, kmsConfigId: number, leaseId: number): Buffer {
  const tenantBytes = Buffer.byteLength(tenantId);
  const text = Buffer.alloc(LABEL.length + 4 + tenantBytes + 8);
  let at = LABEL.copy(text);
  at = text.writeUInt32BE(tenantBytes, at);
  at += text.write(tenantId, at);
  at = text.writeUInt32BE(kmsConfigId, at);
  text.writeUInt32BE(leaseId, at);
  return text;
}

/** The 16 bytes that follow a key on its way to a KMS. */
export function bindingTag(binding: Buffer): Buffer {
  return hash("sha256", binding, "buffer").subarray(0, TAG_BYTES);
}

/** Whether `tag` is the one of this binding; the time it takes tells nothing. */
export function matchesBinding(tag: Buffer, binding: Buffer): boolean {
  return tag.length === TAG_BYTES && timingSafeEqual(tag, bindingTag(binding));
}
