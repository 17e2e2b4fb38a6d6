import { setTimeout as sleep } from "node:timers/promises";

/** Asks again until the answer holds, and gives the last answer when the deadline has passed. */
export async function eventually<T>(
  ask: () => T | Promise<T>,
  holds: (answer: T) => boolean,
  deadlineMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (holds(answer) || Date.now() > deadline) return answer;
    await sleep(20);
  }
}
