import { setTimeout as sleep } from "node:timers/promises";

/**
 * Gives `work` so many milliseconds; false when that was not enough. A failure counts as done, and
 * work that is late goes on. Never rejects.
 */
export async function settledWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  const late = new AbortController();
  const done = work.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([done, sleep(ms, false, late)]);
  } finally {
    late.abort();
  }
}
