import { setTimeout as sleep } from "node:timers/promises";
import { settledWithin } from "./settled-within.ts";

/** The one clock of a stop: everything that takes time gets what is left of it. */
export class StopDeadline {
  readonly #endsAt: number;

  constructor(deadlineMs: number) {
    this.#endsAt = performance.now() + deadlineMs;
  }

  /** Milliseconds that are left, `reserved` ones kept back. Never negative. */
  left(reserved = 0): number {
    return Math.max(this.#endsAt - performance.now() - reserved, 0);
  }

  /** Waits, though not beyond the deadline. */
  async pause(ms: number): Promise<void> {
    await sleep(Math.min(ms, this.left()));
  }

  /** Gives `work` what is left; false when that was not enough. A failure counts as done. */
  spend(work: Promise<unknown>): Promise<boolean> {
    return settledWithin(work, this.left());
  }
}
