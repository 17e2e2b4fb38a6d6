import { setTimeout as sleep } from "node:timers/promises";

/** Waits for something that is about to happen; the test's own time limit is the deadline. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(2);
}
