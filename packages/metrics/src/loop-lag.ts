const INTERVAL_MS = 20;

/**
 * The longest time for which the event loop did not run a due timer. Not Node's own monitor: its
 * `reset` forgets the tick before, so it would miss a stall that the scrape itself causes.
 */
export class LoopLag {
  #last = performance.now();
  #longest = 0;
  readonly #timer = setInterval(() => this.#tick(), INTERVAL_MS).unref();

  /** In seconds, since the last call. */
  take(): number {
    const longest = this.#longest;
    this.#longest = 0;
    return longest / 1e3;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const now = performance.now();
    this.#longest = Math.max(this.#longest, now - this.#last - INTERVAL_MS);
    this.#last = now;
  }
}
