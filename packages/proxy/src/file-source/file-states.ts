import { type FileState, fileState, MAX_SECRET_BYTES } from "./files.ts";

const AT_ONCE = 16;

/** Looks at many files, a few at a time; each path once. */
export async function statesOf(paths: Iterable<string>): Promise<ReadonlyMap<string, FileState>> {
  const states = new Map<string, FileState>();
  const waiting = new Set(paths).values();
  const look = async (): Promise<void> => {
    for (const path of waiting) states.set(path, await fileState(path, MAX_SECRET_BYTES));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, look));
  return states;
}
