import type { Bulkhead } from "./bulkhead.ts";

export interface GateOptions {
  /** How many may be inside at once. */
  readonly places: number;
  /** How many may wait; one more is turned away at once. */
  readonly queueSize: number;
  /** How long one may wait, in milliseconds. */
  readonly waitMs: number;
}

/** Why nobody let us in. */
export type GateRefusal = "FULL" | "WAITED_TOO_LONG" | "ABORTED" | "CLOSED";

export class GateError extends Error {
  static {
    this.prototype.name = "GateError";
  }

  readonly reason: GateRefusal;

  constructor(reason: GateRefusal) {
    super(`gate: ${reason}`);
    this.reason = reason;
  }
}

interface Waiter {
  enter(): void;
  refuse(reason: GateRefusal): void;
}

/**
 * Lets a fixed number in, first come, first served. Who waits leaves the queue for good when its
 * time is up or its signal fires, so that a place in the queue is never held by nobody.
 */
export class Gate implements Bulkhead {
  readonly #options: GateOptions;
  readonly #waiters = new Set<Waiter>();
  #inside = 0;
  #closed = false;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  get inside(): number {
    return this.#inside;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  async enter(signal?: AbortSignal): Promise<void> {
    if (this.#closed) throw new GateError("CLOSED");
    if (signal?.aborted === true) throw new GateError("ABORTED");
    if (this.#inside < this.#options.places) {
      this.#inside += 1;
      return;
    }
    if (this.#waiters.size >= this.#options.queueSize) throw new GateError("FULL");
    await this.#wait(signal);
  }

  leave(): void {
    for (const next of this.#waiters) {
      // The place goes over as it is: nobody who comes now can take it in between.
      next.enter();
      return;
    }
    this.#inside -= 1;
  }

  close(): void {
    this.#closed = true;
    for (const waiter of this.#waiters) waiter.refuse("CLOSED");
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => waiter.refuse("ABORTED");
      const timer = setTimeout(() => waiter.refuse("WAITED_TOO_LONG"), this.#options.waitMs);
      const forget = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        this.#waiters.delete(waiter);
      };
      const waiter: Waiter = {
        enter() {
          forget();
          resolve();
        },
        refuse(reason) {
          forget();
          reject(new GateError(reason));
        },
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiters.add(waiter);
    });
  }
}
