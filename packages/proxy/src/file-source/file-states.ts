import { type FileState, fileState, fileStateNow, MAX_SECRET_BYTES } from "./files.ts";

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

/** As `statesOf`, in a tenth of the time, for a thread that may wait for a disk. */
export function statesNow(paths: Iterable<string>): ReadonlyMap<string, FileState> {
  const states = new Map<string, FileState>();
  for (const path of new Set(paths)) states.set(path, fileStateNow(path, MAX_SECRET_BYTES));
  return states;
}
