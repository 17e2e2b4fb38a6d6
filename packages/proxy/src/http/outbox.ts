import { NO_RECORDS, type Records } from "./records.ts";

/** Something whose answer is ready and not yet written. */
export interface Unsent {
  /** Counts the answer, which is about to leave. */
  count(): void;
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
 * Before the first of them leaves, what all of them did is recorded where it outlives this process.
 */
export class Outbox {
  readonly #records: Records;
  #waiting: Unsent[] = [];
  /** Counted, and kept until everything about them is recorded. */
  #kept: Unsent[] = [];
  #keeping = false;
  #scheduled = false;

  constructor(records: Records = NO_RECORDS) {
    this.#records = records;
  }

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
    for (const answer of answers) answer.count();
    const safe = this.#records.save();
    if (safe && !this.#keeping) send(answers);
    else this.#keep(answers);
  }

  #keep(answers: readonly Unsent[]): void {
    this.#kept.push(...answers);
    if (this.#keeping) return;
    this.#keeping = true;
    this.#records.whenSafe(() => {
      const kept = this.#kept;
      this.#kept = [];
      this.#keeping = false;
      send(kept);
    });
  }

  static #endOfTurn(this: void, outbox: Outbox): void {
    outbox.#scheduled = false;
    if (outbox.#waiting.length > 0) outbox.#flush();
  }
}

function send(answers: readonly Unsent[]): void {
  for (const answer of answers) {
    try {
      answer.send();
    } catch (error) {
      answer.fail(error);
    }
  }
}
