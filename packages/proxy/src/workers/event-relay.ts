import type { Writable } from "node:stream";
import type { EventSink } from "../events/sink.ts";
import type { Room } from "./calls.ts";
import { missedLine } from "./event-lines.ts";

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

/** Asked for at once, so that few operations have to wait for room. */
const BLOCK: Room = { events: 256, bytes: 256 * 1_024 };

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
  #room: Room = { events: 0, bytes: 0 };
  #asking: Promise<void> | undefined;

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

  /** Undefined when an operation with so many events may begin at once. */
  reserve(wanted: Room): Promise<void> | undefined {
    if (!this.#options.required || this.#has(wanted)) return undefined;
    return this.#reserve(wanted);
  }

  /** What nobody needs at the moment goes back. */
  giveRoomBack(): Room {
    const room = this.#room;
    this.#room = { events: 0, bytes: 0 };
    return room;
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
    this.#options.pipe.write(`${this.#lines.join("\n")}\n`);
    this.#lines = [];
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

  #has({ events, bytes }: Room): boolean {
    return this.#room.events >= events && this.#room.bytes >= bytes;
  }

  /** One question at a time; ends when there is room or the primary has none to give. */
  async #reserve(wanted: Room): Promise<void> {
    while (!this.#has(wanted)) {
      if (this.#asking !== undefined) {
        await this.#asking;
        continue;
      }
      const asking = this.#ask(wanted);
      this.#asking = asking.then(() => {});
      const enough = await asking;
      this.#asking = undefined;
      if (!enough) return;
    }
  }

  async #ask(wanted: Room): Promise<boolean> {
    const missing = {
      events: Math.max(wanted.events - this.#room.events, BLOCK.events),
      bytes: Math.max(wanted.bytes - this.#room.bytes, BLOCK.bytes),
    };
    const granted = await this.#options.askRoom(missing).catch(() => ({ events: 0, bytes: 0 }));
    this.#room = {
      events: this.#room.events + granted.events,
      bytes: this.#room.bytes + granted.bytes,
    };
    return this.#has(wanted);
  }
}
