const SEPARATOR = "\0";

/**
 * Paths as bytes that every thread can read without a copy: there may be hundreds of thousands. No
 * path holds the character that keeps them apart.
 */
export function packPaths(paths: readonly string[]): Uint8Array<SharedArrayBuffer> {
  const text = paths.join(SEPARATOR);
  const bytes = new Uint8Array(new SharedArrayBuffer(Buffer.byteLength(text)));
  bufferOf(bytes).write(text);
  return bytes;
}

export function unpackPaths(bytes: Uint8Array<SharedArrayBuffer>): readonly string[] {
  return bytes.length === 0 ? [] : bufferOf(bytes).toString("utf8").split(SEPARATOR);
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array<SharedArrayBuffer>) {
  return Buffer.from(buffer, byteOffset, byteLength);
}
