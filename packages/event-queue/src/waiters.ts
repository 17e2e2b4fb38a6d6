interface Waiter {
  readonly target: number;
  readonly resolve: () => void;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Those who wait until a number of events has left the queue. */
export class Waiters {
  readonly #waiting = new Set<Waiter>();

  /** Resolves when `target` is reached or the signal fires. */
  async wait(target: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = { target, resolve };
    const stop = (): void => resolve();
    this.#waiting.add(waiter);
    signal.addEventListener("abort", stop);
    await promise;
    this.#waiting.delete(waiter);
    signal.removeEventListener("abort", stop);
  }

  reached(count: number): void {
    if (this.#waiting.size === 0) return;
    for (const { target, resolve } of this.#waiting) {
      if (count >= target) resolve();
    }
  }
}

/** Does `work` with a signal that fires after some milliseconds, or with the signal given. */
export async function limited(
  limit: number | AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  if (typeof limit !== "number") return work(limit);
  const controller = new AbortController();
  // Not unref'ed: whoever waits for the queue wants the process to live that long.
  const timer = setTimeout(() => controller.abort(), Math.min(limit, LONGEST_TIMER_MS));
  try {
    await work(controller.signal);
  } finally {
    clearTimeout(timer);
  }
}
