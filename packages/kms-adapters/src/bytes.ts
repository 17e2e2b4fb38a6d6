/** A copy in memory of its own: wiping it wipes nothing else, and no pool keeps a second one. */
export function ownCopy(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.byteLength);
  copy.set(bytes);
  return copy;
}

/** Overwrites with zeros. JavaScript strings made from the bytes stay: make none of a key. */
export function wipe(bytes: Uint8Array): void {
  bytes.fill(0);
}

/**
 * Decodes RFC 4648 base64 with padding, standard alphabet, canonical last bits, nothing else:
 * `undefined` for blanks, line breaks, the URL alphabet, missing padding and any other junk.
 * The bytes are in memory of their own.
 */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text, "base64"));
  const written = bytes.write(text, "base64");
  // Node skips whatever it does not know; only canonical text survives the way back.
  if (written === bytes.byteLength && bytes.toString("base64") === text) return bytes;
  wipe(bytes);
  return undefined;
}
