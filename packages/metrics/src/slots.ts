import type { LabelValues } from "./label-index.ts";

/** Slots next to each other. What is counted beyond them is counted, but in no mirror. */
export const SLOTS = 8_192;

/** Which series a run of slots belongs to. */
export interface SlotOwner {
  /** Its name in the catalogue. */
  readonly metric: string;
  readonly labels: LabelValues;
}

/** Where a run of slots begins, and whose it is. */
export interface SlotEntry extends SlotOwner {
  readonly at: number;
}

/** The slots of one series. Call `touch` after each change of `values`. */
export class Span {
  readonly values: Float64Array;
  readonly #slots: Slots;
  readonly #from: number;
  readonly #to: number;

  constructor(slots: Slots, values: Float64Array, from: number) {
    this.#slots = slots;
    this.values = values;
    this.#from = from;
    this.#to = from + values.length;
  }

  touch(): void {
    this.#slots.touch(this.#from, this.#to);
  }
}

/** Everything that one process counts, in one piece of memory that can be copied as it is. */
export class Slots {
  readonly bytes: Uint8Array;
  readonly #values = new Float64Array(SLOTS);
  #used = 0;
  #entries: SlotEntry[] = [];
  /** What has changed since `settle`: nothing while `changedTo` is 0. */
  changedFrom: number = SLOTS;
  changedTo = 0;

  constructor() {
    this.bytes = new Uint8Array(this.#values.buffer);
  }

  /** Runs that were taken since `settle`. */
  get entries(): readonly SlotEntry[] {
    return this.#entries;
  }

  /** Slots at zero for a series. */
  take(length: number, { metric, labels }: SlotOwner): Span {
    const at = this.#used;
    // Nothing of it is ever touched: it lies behind the last slot.
    if (at + length > SLOTS) return new Span(NOWHERE, new Float64Array(length), 0);
    this.#used += length;
    this.#entries.push({ metric, labels, at });
    const span = new Span(this, this.#values.subarray(at, at + length), at);
    span.touch();
    return span;
  }

  touch(from: number, to: number): void {
    if (from < this.changedFrom) this.changedFrom = from;
    if (to > this.changedTo) this.changedTo = to;
  }

  /** Somebody has a copy of everything. */
  settle(): void {
    this.#entries = [];
    this.changedFrom = SLOTS;
    this.changedTo = 0;
  }
}

/** Where changes are noted that nobody copies. */
const NOWHERE: Slots = new Slots();
