import type { EventQueue } from "@tenant-security/event-queue";
import type { Readable } from "node:stream";
import type { Room } from "./calls.ts";
import { EventLines } from "./event-lines.ts";

/** The ledger of one worker: what it may still send, and what has come. */
export interface IntakeSource {
  /** Room that was granted and neither used nor given back. */
  readonly granted: { events: number; bytes: number };
  /** Lines that have come. */
  lines: number;
}

export interface EventIntakeOptions {
  readonly queue: EventQueue;
  /** The queue became full, or is full no more. */
  readonly onFull: (full: boolean) => void;
}

/** How often a full queue is looked at. */
const LOOK_EVERY_MS = 5;

/** The primary's end of the pipes that workers write their events to. */
export class EventIntake {
  readonly #queue: EventQueue;
  readonly #onFull: (full: boolean) => void;
  readonly #sources = new Set<IntakeSource>();
  readonly #waiting = new Set<() => void>();
  #full = false;
  #looking: NodeJS.Timeout | undefined;

  constructor({ queue, onFull }: EventIntakeOptions) {
    this.#queue = queue;
    this.#onFull = onFull;
  }

  get full(): boolean {
    return this.#full;
  }

  /** Takes what comes out of a worker's pipe until that ends. */
  follow(pipe: Readable): IntakeSource {
    const source: IntakeSource = { granted: { events: 0, bytes: 0 }, lines: 0 };
    const queue = this.#queue;
    const lines = new EventLines({
      event: (bytes) => {
        source.lines += 1;
        add(source.granted, -1, -bytes.length);
        queue.offer(bytes);
      },
      missed: (count) => {
        source.lines += 1;
        for (let missed = 0; missed < count; missed += 1) queue.miss();
      },
    });
    this.#sources.add(source);
    pipe.on("data", (chunk: Buffer) => {
      lines.append(chunk);
      this.#look();
      for (const look of this.#waiting) look();
    });
    pipe.on("error", () => {});
    pipe.once("close", () => this.#sources.delete(source));
    return source;
  }

  /** Reserves what there is of `wanted` for a worker. */
  grant(source: IntakeSource, wanted: Room): Room {
    const free = this.#free();
    const events = Math.min(wanted.events, free.events);
    const granted = events === 0 ? NOTHING : { events, bytes: Math.min(wanted.bytes, free.bytes) };
    add(source.granted, granted.events, granted.bytes);
    return granted;
  }

  /** A worker gave room back. */
  giveBack(source: IntakeSource, room: Room): void {
    add(source.granted, -room.events, -room.bytes);
  }

  /** Whether there is enough room for `wanted` without anybody giving some back. */
  has(wanted: Room): boolean {
    const { events, bytes } = this.#free();
    return events >= wanted.events && bytes >= wanted.bytes;
  }

  /** Resolves when so many lines of a worker have come, or a deadline has passed. */
  async caughtUp(source: IntakeSource, lines: number, deadlineMs: number): Promise<void> {
    if (source.lines >= lines || !this.#sources.has(source)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (source.lines >= lines) resolve();
    };
    const timer = setTimeout(resolve, deadlineMs);
    this.#waiting.add(look);
    await promise;
    this.#waiting.delete(look);
    clearTimeout(timer);
  }

  close(): void {
    clearInterval(this.#looking);
  }

  #free(): Room {
    const { capacity, held, heldBytes, maxBytes } = this.#queue.stats();
    const free = { events: capacity - held, bytes: maxBytes - heldBytes };
    for (const { granted } of this.#sources) add(free, -granted.events, -granted.bytes);
    return free;
  }

  /** Tells workers once when the queue is full, so that they make no events for nothing. */
  #look(): void {
    const { full } = this.#queue;
    if (full === this.#full) return;
    this.#full = full;
    this.#onFull(full);
    if (full) this.#looking ??= setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
    else this.#stopLooking();
  }

  #stopLooking(): void {
    clearInterval(this.#looking);
    this.#looking = undefined;
  }
}

const NOTHING: Room = { events: 0, bytes: 0 };

/** Never below nothing. */
function add(room: { events: number; bytes: number }, events: number, bytes: number): void {
  room.events = Math.max(room.events + events, 0);
  room.bytes = Math.max(room.bytes + bytes, 0);
}
