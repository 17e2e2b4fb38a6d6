/** What ends when its time is up. */
export interface Expiring {
  expire(): void;
}

/**
 * One timer for everything that gets the same time, so that the oldest always ends first: a timer of
 * its own for each call is several percent of what a fast call costs.
 */
export class Deadlines {
  readonly #timeoutMs: number;
  /** When the time of each is up, on the clock of `performance.now`; in this order. */
  readonly #ends = new Map<Expiring, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  add(one: Expiring): void {
    this.#ends.set(one, performance.now() + this.#timeoutMs);
    this.#timer ??= setTimeout(this.#check, this.#timeoutMs);
    if (this.#ends.size === 1) this.#timer.ref();
  }

  remove(one: Expiring): void {
    if (!this.#ends.delete(one) || this.#ends.size > 0) return;
    // It goes on for whoever comes next, and keeps no process alive for nobody.
    this.#timer?.unref();
  }

  readonly #check = (): void => {
    const now = performance.now();
    for (const [one, end] of this.#ends) {
      if (end > now) {
        this.#timer = setTimeout(this.#check, Math.ceil(end - now));
        return;
      }
      this.#ends.delete(one);
      one.expire();
    }
    this.#timer = undefined;
  };
}
