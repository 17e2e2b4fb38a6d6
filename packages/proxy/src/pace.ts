import { setImmediate } from "node:timers/promises";

/** Work between two turns of the event loop while nobody else has any. */
const SLICE_MS = 0.5;

/** A turn that took others less than this was an idle one. */
const IDLE_MS = 0.1;

/** Of the time that others take, what long work takes in between. */
const SHARE = 0.1;

/** Lets requests through while a long list is worked off, and the more of them the more there are. */
export class Pace {
  #since: number = performance.now();
  #sliceMs: number = SLICE_MS;
  #turn: Promise<void> | undefined;

  /**
   * Before each item: `undefined` to go on, or what to await first, because the present slice of
   * time is over. Several strands of one work share a pace.
   */
  next(): Promise<void> | undefined {
    if (this.#turn !== undefined) return this.#turn;
    const now = performance.now();
    if (now - this.#since < this.#sliceMs) return undefined;
    this.#turn = this.#giveWay(now);
    return this.#turn;
  }

  async #giveWay(from: number): Promise<void> {
    await setImmediate();
    this.#since = performance.now();
    const others = this.#since - from;
    this.#sliceMs = others < IDLE_MS ? SLICE_MS : Math.min(others * SHARE, SLICE_MS);
    this.#turn = undefined;
  }
}
