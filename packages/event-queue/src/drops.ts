/** Why an event was dropped. */
export type DropReason =
  /** Every slot is taken, and readers take events, though not fast enough. */
  | "QUEUE_FULL"
  /** The bytes held reach their limit, and readers take events, though not fast enough. */
  | "BYTES_FULL"
  /** The event is longer than one event may be. */
  | "EVENT_TOO_LARGE"
  /** There is no room, and no reader took an event for longer than `sendTimeoutMs`. */
  | "SEND_TIMEOUT"
  /** The transport refused this event for good. */
  | "SEND_FAILED"
  /** Offered after `close`, or still held when it ended. */
  | "CLOSED";

/** Events dropped so far, per reason. */
export type DropCounts = Readonly<Record<DropReason, number>>;

/** Hears of drops, summed up per reason. */
export type DropListener = (reason: DropReason, count: number) => void;

const NONE: DropCounts = {
  QUEUE_FULL: 0,
  BYTES_FULL: 0,
  EVENT_TOO_LARGE: 0,
  SEND_TIMEOUT: 0,
  SEND_FAILED: 0,
  CLOSED: 0,
};

/** Counts drops and tells them once per interval, because a full queue drops thousands a second. */
export class Drops {
  readonly #listener: DropListener | undefined;
  readonly #intervalMs: number;
  readonly #counts = { ...NONE };
  #told: DropCounts = NONE;
  #total = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(listener: DropListener | undefined, intervalMs: number) {
    this.#listener = listener;
    this.#intervalMs = intervalMs;
  }

  get total(): number {
    return this.#total;
  }

  get counts(): DropCounts {
    return { ...this.#counts };
  }

  add(reason: DropReason, count = 1): void {
    this.#counts[reason] += count;
    this.#total += count;
    if (this.#listener === undefined) return;
    this.#timer ??= setTimeout(() => this.tell(), this.#intervalMs).unref();
  }

  /** Tells what was not told yet, now. */
  tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const before = this.#told;
    this.#told = this.counts;
    for (const [reason, count] of Object.entries(this.#told)) {
      const known = reason as DropReason;
      if (count > before[known]) this.#listener?.(known, count - before[known]);
    }
  }
}
