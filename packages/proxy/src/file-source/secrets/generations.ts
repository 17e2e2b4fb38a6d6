import { join } from "node:path";
import { ProxyError } from "../../errors.ts";
import type { RotationStatus } from "../../tenants/source.ts";
import { FileError, readLimited } from "../files.ts";
import { namesIn } from "./exclusive.ts";
import { decodeSecretFile, type SecretFile, STATUSES } from "./secret-file.ts";

/** One secret of a path. The first has number 1, each rotation makes room for the next. */
export interface Generation {
  readonly number: number;
  /** The most advanced of its files. */
  readonly status: RotationStatus;
}

/** Room for any secret path that a request can carry within reason. */
export const MAX_SECRET_FILE_BYTES: number = 1024 * 1024;

const NAME = /^(\d{8})\.(current|in-rotation|archived)\.json$/;

export function fileName(number: number, status: RotationStatus): string {
  return `${String(number).padStart(8, "0")}.${status}.json`;
}

/** The secrets of one path, newest first. Other files in the folder are passed over. */
export async function generationsIn(folder: string): Promise<readonly Generation[]> {
  const found = new Map<number, number>();
  for (const name of await namesIn(folder)) {
    const [, digits, status] = NAME.exec(name) ?? [];
    if (digits === undefined) continue;
    const rank = STATUSES.findIndex((known) => known === status);
    found.set(Number(digits), Math.max(rank, found.get(Number(digits)) ?? 0));
  }
  return [...found]
    .map(([number, rank]) => ({ number, status: STATUSES[rank] ?? "archived" }))
    .toSorted((a, b) => b.number - a.number);
}

/**
 * Reads one secret of the path that has `name` in the store's folder.
 * @throws ProxyError 100 that names the file when it is damaged or cannot be read
 */
export async function readGeneration(
  store: string,
  name: string,
  { number, status }: Generation,
): Promise<SecretFile> {
  const file = join(name, fileName(number, status));
  try {
    const bytes = await readLimited(join(store, file), MAX_SECRET_FILE_BYTES);
    return decodeSecretFile(bytes, name, status);
  } catch (cause) {
    if (!(cause instanceof FileError || cause instanceof TypeError)) throw cause;
    throw new ProxyError(
      "UNKNOWN_ERROR",
      `The stored tenant secret ${file} cannot be used: ${cause.message}. ` +
        "Restore the file from a backup",
      { cause },
    );
  }
}
