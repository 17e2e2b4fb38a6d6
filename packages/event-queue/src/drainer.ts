import type { RingBuffer } from "./ring-buffer.ts";
import type { QueuedEvent, Sender } from "./sender.ts";
import type { StallClock } from "./stall-clock.ts";

export interface DrainerEvents {
  /** The first event of the ring was handed over and is gone from it. */
  sent(): void;
  /** The first event of the ring cannot be sent and is gone from it. */
  failed(): void;
}

/** Longest time for which events are handed over without letting the event loop turn. */
const TURN_MS = 2;
/** Events from one look at the clock to the next. */
const STRIDE = 32;

/**
 * Events wait this long for others, because each time that ZeroMQ's own thread is woken costs about
 * as much as sending an event.
 */
const GATHER_MS = 20;
/** So many do not wait. */
const ENOUGH = 512;
/** Before the next try when waiting did not help, so that a broken transport costs little. */
const PAUSE_MS = 10;

/** Empties the ring into the sender: one event in flight, which stays the ring's first until it left. */
export class Drainer {
  readonly #ring: RingBuffer;
  readonly #sender: Sender;
  readonly #clock: StallClock;
  readonly #events: DrainerEvents;
  readonly #enough: number;
  readonly #run = (): void => void this.#drain();
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  #stopped = false;
  #ended: (() => void) | undefined;

  constructor(ring: RingBuffer, sender: Sender, clock: StallClock, events: DrainerEvents) {
    this.#ring = ring;
    this.#sender = sender;
    this.#clock = clock;
    this.#events = events;
    this.#enough = Math.min(Math.ceil(ring.capacity / 2), ENOUGH);
  }

  /** Call it after the ring was filled. Waits a little for more, unless that could cost events. */
  wake(): void {
    if (this.#running || this.#stopped) return;
    if (this.#ring.length >= this.#enough) this.hurry();
    else this.#timer ??= setTimeout(this.#run, GATHER_MS);
  }

  /** Starts as soon as the current work of the event loop is done. */
  hurry(): void {
    if (this.#running || this.#stopped) return;
    this.#running = true;
    clearTimeout(this.#timer);
    setImmediate(this.#run);
  }

  /** Resolves when nothing is in flight any more. The sender must be closed by then, or after. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    if (!this.#running) return;
    await new Promise<void>((resolve) => {
      this.#ended = resolve;
    });
  }

  async #drain(): Promise<void> {
    this.#running = true;
    this.#timer = undefined;
    let turnEnds = performance.now() + TURN_MS;
    let count = 0;
    let wait = false;
    for (let event = this.#next(); event !== undefined; event = this.#next()) {
      try {
        await this.#sender.send(event, wait);
        if (wait || count % STRIDE === 0) this.#clock.restart();
        wait = false;
        this.#ring.shift();
        this.#events.sent();
      } catch (error) {
        if (wait) await pause();
        wait = this.#willRetry(error);
      }
      count += 1;
      if (count % STRIDE > 0 || performance.now() < turnEnds) continue;
      await nextTurn();
      turnEnds = performance.now() + TURN_MS;
    }
    this.#running = false;
    this.#ended?.();
  }

  #next(): QueuedEvent | undefined {
    return this.#stopped ? undefined : this.#ring.first;
  }

  /** Whether the first event is still there, to be tried again. */
  #willRetry(error: unknown): boolean {
    if (this.#stopped || isTransient(error)) return true;
    this.#ring.shift();
    this.#events.failed();
    return false;
  }
}

function isTransient(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EAGAIN";
}

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, PAUSE_MS);
  });
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
