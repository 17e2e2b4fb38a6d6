import { setImmediate as nextTurn } from "node:timers/promises";

/** Items between two breaths: well below 10 ms even when each of them is a signature's work. */
const ITEMS_PER_TURN = 100;

/** Lets the event loop breathe during long work, all parallel strands of it at the same time. */
export class Breather {
  #items = 0;
  #turn: Promise<void> | undefined;

  /** Once per item: undefined to go on, or what to await first. */
  next(): Promise<void> | undefined {
    if (this.#turn !== undefined) return this.#turn;
    this.#items += 1;
    if (this.#items % ITEMS_PER_TURN !== 0) return undefined;
    this.#turn = this.#breathe();
    return this.#turn;
  }

  async #breathe(): Promise<void> {
    await nextTurn();
    this.#turn = undefined;
  }
}
