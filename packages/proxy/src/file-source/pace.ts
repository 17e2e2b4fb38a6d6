import { setImmediate } from "node:timers/promises";

const SLICE_MS = 4;

/** Lets requests through while a long list is worked off. */
export class Pace {
  #since: number = performance.now();

  /** Gives way when the present slice of time is over. */
  async breathe(): Promise<void> {
    if (performance.now() - this.#since < SLICE_MS) return;
    await setImmediate();
    this.#since = performance.now();
  }
}
