import type { Writable } from "node:stream";
import type { EventSink } from "../events/sink.ts";
import type { Room } from "./calls.ts";
import type { Reservation } from "../http/ports.ts";
import { missedLine } from "./event-lines.ts";
import { settledWithin } from "../service/settled-within.ts";

export interface EventRelayOptions {
  /** To the primary. */
  readonly pipe: Writable;
  /** Whether an operation may only succeed when there is room for its event. */
  readonly required: boolean;
  /** Asks the primary for room. @throws Error when it is gone */
  readonly askRoom: (wanted: Room) => Promise<Room>;
}

/** More than this on its way to a primary that does not read is dropped. */
const MAX_PENDING_BYTES = 16 * 1_024 * 1_024;

/** How long an operation waits for the primary; room that comes later serves the next ones. */
const ROOM_MS = 1_000;

/** Asked for at once, so that few operations have to wait for room. */
const BLOCK: Room = { events: 256, bytes: 256 * 1_024 };

const NOTHING: Room = { events: 0, bytes: 0 };

/**
 * A worker's end of the event queue, which is in the primary. Nothing waits: the events of one turn
 * of the event loop go out together. Where events are required, room in the queue is reserved before
 * an operation begins.
 */
export class EventRelay implements EventSink {
  readonly #options: EventRelayOptions;
  #lines: string[] = [];
  #missed = 0;
  #written = 0;
  #flushing = false;
  #queueFull = false;
  /** Granted and not used. */
  #room: Room = NOTHING;
  /** The part of it that operations under way may need. */
  #held: Room = NOTHING;
  #asking: Promise<void> | undefined;
  #waiting: (() => void)[] = [];
  readonly #onWritten = (error?: Error | null): void => {
    if (this.#waiting.length === 0 || (!this.delivered && !error)) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const proceed of waiting) proceed();
  };

  constructor(options: EventRelayOptions) {
    this.#options = options;
  }

  get full(): boolean {
    if (this.#options.pipe.writableLength > MAX_PENDING_BYTES) return true;
    return this.#options.required ? this.#room.events === 0 : this.#queueFull;
  }

  /** Lines written so far, those included that are only about to be. */
  get written(): number {
    return this.#written + this.#lines.length + Math.sign(this.#missed);
  }

  /** The primary says whether its queue is full. */
  setQueueFull(full: boolean): void {
    this.#queueFull = full;
  }

  /** Keeps room for an operation with so many events, as far as there is any. */
  reserve(wanted: Room): Reservation | undefined {
    if (!this.#options.required) return undefined;
    let held = this.#hold(wanted);
    let over = false;
    const release = (): void => {
      if (held) this.#held = sum(this.#held, wanted, -1);
      held = false;
      over = true;
    };
    if (held) return { ready: undefined, release };
    const ready = this.#reserve(wanted).then((found) => {
      held = found;
      if (over) release();
    });
    return { ready, release };
  }

  /** What nobody needs at the moment goes back. */
  giveRoomBack(): Room {
    const free = this.#free();
    this.#room = sum(this.#room, free, -1);
    return free;
  }

  offer(event: string): boolean {
    if (this.#options.required) {
      if (this.tryOffer(event)) return true;
      this.miss();
      return false;
    }
    this.#write(event);
    return true;
  }

  tryOffer(event: string): boolean {
    const { events, bytes } = this.#room;
    const size = Buffer.byteLength(event);
    if (events === 0 || bytes < size) return false;
    this.#room = { events: events - 1, bytes: bytes - size };
    this.#write(event);
    return true;
  }

  miss(): void {
    this.#missed += 1;
    this.#flushSoon();
  }

  /** Hands over everything now. */
  flush(): void {
    if (this.#missed > 0) this.#lines.push(missedLine(this.#missed));
    this.#missed = 0;
    if (this.#lines.length === 0) return;
    this.#written += this.#lines.length;
    this.#options.pipe.write(`${this.#lines.join("\n")}\n`, this.#onWritten);
    this.#lines = [];
  }

  /** Whether the kernel has everything that was handed over: it reaches the primary in any case. */
  get delivered(): boolean {
    return this.#options.pipe.writableLength === 0;
  }

  /** Calls back once when that is so, or the primary is gone; right after a look at `delivered`. */
  whenDelivered(proceed: () => void): void {
    this.#waiting.push(proceed);
  }

  #write(event: string): void {
    this.#lines.push(event);
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.flush();
    });
  }

  #free(): Room {
    const { events, bytes } = sum(this.#room, this.#held, -1);
    return { events: Math.max(events, 0), bytes: Math.max(bytes, 0) };
  }

  #hold(wanted: Room): boolean {
    const { events, bytes } = this.#free();
    if (events < wanted.events || bytes < wanted.bytes) return false;
    this.#held = sum(this.#held, wanted, 1);
    return true;
  }

  /** One question at a time; false when the primary has not enough to give. */
  async #reserve(wanted: Room): Promise<boolean> {
    while (this.#asking !== undefined) {
      await this.#asking;
      if (this.#hold(wanted)) return true;
    }
    this.#asking = this.#ask(wanted);
    await this.#asking;
    this.#asking = undefined;
    return this.#hold(wanted);
  }

  async #ask(wanted: Room): Promise<void> {
    const free = this.#free();
    const missing = {
      events: Math.max(wanted.events - free.events, BLOCK.events),
      bytes: Math.max(wanted.bytes - free.bytes, BLOCK.bytes),
    };
    const granted = this.#options.askRoom(missing).then((room) => {
      this.#room = sum(this.#room, room, 1);
    });
    await settledWithin(granted, ROOM_MS);
  }
}

function sum(room: Room, { events, bytes }: Room, sign: 1 | -1): Room {
  return { events: room.events + sign * events, bytes: room.bytes + sign * bytes };
}
