import { type BigIntStats, constants, statSync } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";

/** Largest configuration file. */
export const MAX_CONFIGURATION_BYTES: number = 64 * 1024 * 1024;

/** Largest file that a `fromFile` may name. */
export const MAX_SECRET_BYTES: number = 64 * 1024;

const NOT_A_FILE = "it is not a regular file";

/** Why a file cannot be read, in words that hold neither its path nor its content. */
export class FileError extends Error {
  static {
    this.prototype.name = "FileError";
  }
}

/**
 * Reads a regular file of at most `limit` bytes; links are followed anew at every call.
 * @throws FileError when it is missing, unreadable, too large or something else than a file
 */
export async function readLimited(path: string, limit: number): Promise<Buffer<ArrayBuffer>> {
  let handle: FileHandle | undefined;
  try {
    // Without O_NONBLOCK a named pipe would keep us waiting for somebody who writes to it.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!(await handle.stat()).isFile()) throw new FileError(NOT_A_FILE);
    return await readAll(handle, limit);
  } catch (error) {
    throw explained(error);
  } finally {
    await handle?.close();
  }
}

export interface FileState {
  /** Changes whenever the file at the end of all links does: its identity, size and times. */
  readonly signature: string;
  /** Why it cannot be read, as far as a look from outside can tell. */
  readonly problem: string | undefined;
}

/** Looks at a file without reading it. Never rejects. */
export async function fileState(path: string, limit: number): Promise<FileState> {
  try {
    return stateOf(await stat(path, { bigint: true }), limit);
  } catch (error) {
    return unknownState(error);
  }
}

/** As `fileState`, at once. Never throws. */
export function fileStateNow(path: string, limit: number): FileState {
  try {
    return stateOf(statSync(path, { bigint: true }), limit);
  } catch (error) {
    return unknownState(error);
  }
}

function stateOf(stats: BigIntStats, limit: number): FileState {
  const { dev, ino, size, mtimeNs, ctimeNs } = stats;
  const problem = stats.isFile() ? undefined : NOT_A_FILE;
  return {
    signature: `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`,
    problem: problem ?? (size > limit ? tooLarge(limit).message : undefined),
  };
}

function unknownState(error: unknown): FileState {
  const { message } = explained(error);
  return { signature: message, problem: message };
}

async function readAll(handle: FileHandle, limit: number): Promise<Buffer<ArrayBuffer>> {
  const { size } = await handle.stat();
  if (size > limit) throw tooLarge(limit);
  // One byte more than there should be, to see a file that grows while it is read.
  const buffer = Buffer.allocUnsafeSlow(size + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) return buffer.subarray(0, length);
    length += bytesRead;
  }
  buffer.fill(0);
  throw new FileError("it changed while it was being read");
}

function tooLarge(limit: number): FileError {
  return new FileError(`it is larger than ${limit / 1024} KiB`);
}

function explained(error: unknown): FileError {
  if (error instanceof FileError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
  return new FileError(`it cannot be read (${code})`, { cause: error });
}
