import { setTimeout as sleep } from "node:timers/promises";

/** Resolves when `work` has settled or `ms` are over; the work goes on. */
export async function settledWithin(work: Promise<unknown>, ms: number): Promise<void> {
  const over = new AbortController();
  const settled = work.then(
    () => {},
    () => {},
  );
  await Promise.race([settled, sleep(ms, undefined, over).catch(() => {})]);
  over.abort();
}
