import { stat } from "node:fs/promises";
import { FileError, MAX_CONFIGURATION_BYTES, readLimited } from "./files.ts";
import type { LoadOutcome } from "./load-job.ts";

type Refused = Extract<LoadOutcome, { readonly kind: "refused" }>;

/** The bytes of a configuration file, or why there are none; `file` is its name for people. */
export async function readDocument(
  path: string,
  file: string,
): Promise<Refused | { readonly kind: "read"; readonly bytes: Buffer<ArrayBuffer> }> {
  try {
    return { kind: "read", bytes: await readLimited(path, MAX_CONFIGURATION_BYTES) };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return { kind: "refused", mistakes: [`${file}: ${error.message}`] };
  }
}

/** How long a file is, as far as can be told: 0 when it cannot be looked at. Never rejects. */
export async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}
