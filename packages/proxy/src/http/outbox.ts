/** Something whose answer is ready and not yet written. */
export interface Unsent {
  send(): void;
  /** Called with what `send` threw. */
  fail(error: unknown): void;
}

/** So many are written without waiting for more: the first must not wait for long. */
const ENOUGH = 32;

/**
 * Answers that became ready in one turn of the event loop, written together at its end. One at a
 * time, between two other requests, each write would wake whoever reads the answer and push the code
 * of everything else out of the CPU's caches: a quarter of what a leased wrap costs under load.
 */
export class Outbox {
  #waiting: Unsent[] = [];
  #scheduled = false;

  add(answer: Unsent): void {
    this.#waiting.push(answer);
    if (this.#waiting.length === ENOUGH) this.#flush();
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(Outbox.#endOfTurn, this);
  }

  #flush(): void {
    const answers = this.#waiting;
    this.#waiting = [];
    for (const answer of answers) {
      try {
        answer.send();
      } catch (error) {
        answer.fail(error);
      }
    }
  }

  static #endOfTurn(this: void, outbox: Outbox): void {
    outbox.#scheduled = false;
    outbox.#flush();
  }
}
