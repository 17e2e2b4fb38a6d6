import type { Span } from "./slots.ts";

/** One time series of a counter. Keep it: `inc` is an addition, finding the series is a look-up. */
export interface CounterSeries {
  /** @throws RangeError when `by` is negative or no number: a counter never goes down */
  inc(by?: number): void;
  /** Reads the value at each scrape instead, from something that counts by itself. */
  collect(read: () => number): void;
}

/** One time series of a gauge. */
export interface GaugeSeries {
  set(value: number): void;
  inc(by?: number): void;
  dec(by?: number): void;
  /** Reads the value at each scrape instead. */
  collect(read: () => number): void;
}

/** One set of buckets of a histogram. */
export interface HistogramSeries {
  /** @throws RangeError when `value` is negative or no finite number */
  observe(value: number): void;
}

/** The value of a series with one number; NaN until there is one to show. */
export interface SingleValue {
  read(): number;
}

export class Count implements CounterSeries, SingleValue {
  readonly #span: Span;
  #source: (() => number) | undefined;

  constructor(span: Span) {
    this.#span = span;
  }

  inc(by = 1): void {
    if (!(by >= 0)) throw new RangeError(`A counter cannot grow by ${by}`);
    this.#set(this.#value + by);
  }

  collect(read: () => number): void {
    this.#source = read;
  }

  read(): number {
    const counted = this.#source?.() ?? 0;
    // A source that starts again must not look like a counter that went down.
    if (counted > this.#value) this.#set(counted);
    return this.#value;
  }

  /** Goes on from what somebody else had counted. */
  restore(values: Float64Array): void {
    this.#set(values[0] ?? 0);
  }

  get #value(): number {
    return this.#span.values[0] ?? 0;
  }

  #set(value: number): void {
    this.#span.values[0] = value;
    this.#span.touch();
  }
}

export class Level implements GaugeSeries, SingleValue {
  #value: number;
  #source: (() => number) | undefined;

  constructor(initial: number) {
    this.#value = initial;
  }

  set(value: number): void {
    this.#value = value;
  }

  inc(by = 1): void {
    this.#value += by;
  }

  dec(by = 1): void {
    this.#value -= by;
  }

  collect(read: () => number): void {
    this.#source = read;
  }

  read(): number {
    return this.#source === undefined ? this.#value : this.#source();
  }
}

/** Counts per bucket, then what lies above the last bound, then the sum: one slot each. */
export class Buckets implements HistogramSeries {
  readonly #bounds: Float64Array;
  readonly #span: Span;

  /** The span has two slots more than there are bounds. */
  constructor(bounds: Float64Array, span: Span) {
    this.#bounds = bounds;
    this.#span = span;
  }

  observe(value: number): void {
    if (!(value >= 0 && value < Infinity)) throw new RangeError(`Cannot observe ${value}`);
    const bounds = this.#bounds;
    const slots = this.#span.values;
    let index = 0;
    // The typical request falls into one of the first buckets: cheaper than a binary search.
    while (index < bounds.length && value > (bounds[index] ?? 0)) index += 1;
    slots[index] = (slots[index] ?? 0) + 1;
    const sum = bounds.length + 1;
    slots[sum] = (slots[sum] ?? 0) + value;
    this.#span.touch();
  }

  /** The slots themselves; do not change them. */
  get slots(): Float64Array {
    return this.#span.values;
  }

  /** Goes on from what somebody else had counted. */
  restore(values: Float64Array): void {
    this.#span.values.set(values.subarray(0, this.#span.values.length));
    this.#span.touch();
  }
}
