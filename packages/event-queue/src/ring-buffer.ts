import type { QueuedEvent } from "./sender.ts";

/** First in, first out, in slots that are made once. Knows how many bytes it holds. */
export class RingBuffer {
  readonly capacity: number;
  readonly #events: (QueuedEvent | undefined)[];
  readonly #sizes: Uint32Array;
  #first = 0;
  #length = 0;
  #bytes = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#events = Array.from({ length: capacity }, () => undefined);
    this.#sizes = new Uint32Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** Sum of the sizes given to `push`. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The oldest event, which stays. */
  get first(): QueuedEvent | undefined {
    return this.#events[this.#first];
  }

  /** @returns false, without a change, when every slot is taken */
  push(event: QueuedEvent, size: number): boolean {
    if (this.#length === this.capacity) return false;
    const end = this.#first + this.#length;
    const slot = end < this.capacity ? end : end - this.capacity;
    this.#events[slot] = event;
    this.#sizes[slot] = size;
    this.#length += 1;
    this.#bytes += size;
    return true;
  }

  /** Forgets the oldest event; does nothing when there is none. */
  shift(): void {
    if (this.#length === 0) return;
    this.#events[this.#first] = undefined;
    this.#bytes -= this.#sizes[this.#first] ?? 0;
    this.#first = this.#first + 1 < this.capacity ? this.#first + 1 : 0;
    this.#length -= 1;
  }
}
