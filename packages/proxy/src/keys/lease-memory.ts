import sodium from "sodium-native";
import { KEY_BYTES } from "../edek/edek.ts";

/** 64 KiB a slab: few guard pages for many keys, and 8 MiB of lockable memory hold 200,000 keys. */
const SLOTS_PER_SLAB = 2_048;

const KEY_WORDS = KEY_BYTES / 4;

/**
 * 32-byte places for lease keys and tenant secrets in memory that is locked, guarded and left out
 * of core dumps. Slabs are made when needed and kept; what may be held is bounded by the caches.
 */
export class LeaseMemory {
  readonly #slabs: Buffer[] = [];
  /** The slabs as words, and the number of each by its memory. */
  readonly #words: Uint32Array[] = [];
  readonly #numbers = new Map<ArrayBufferLike, number>();
  readonly #lent: Buffer = sodium.sodium_malloc(KEY_BYTES);
  readonly #lentWords: Uint32Array = wordsOf(this.#lent);
  readonly #free: Buffer[] = [];
  #locked = true;

  /** Whether the operating system let us lock all of it; `RLIMIT_MEMLOCK` says how much it allows. */
  get locked(): boolean {
    return this.#locked;
  }

  /** Places that hold a key now. */
  get used(): number {
    return this.#slabs.length * SLOTS_PER_SLAB - this.#free.length;
  }

  /** 32 zeros to write a key into. */
  acquire(): Buffer {
    if (this.#free.length === 0) this.#addSlab();
    return this.#free.pop()!;
  }

  /** Wipes the place at once and takes it back. Once per `acquire`. */
  release(slot: Buffer): void {
    sodium.sodium_memzero(slot);
    this.#free.push(slot);
  }

  /** Number of a place, for `lend`. */
  placeOf(slot: Buffer): number {
    return this.#numbers.get(slot.buffer)! * SLOTS_PER_SLAB + slot.byteOffset / KEY_BYTES;
  }

  /**
   * The key of a place, copied to where the last one was lent: with many keys, the objects around
   * each of them cost more than its bytes do. `takeBack` before the next `await`.
   */
  lend(place: number): Buffer {
    const words = this.#words[Math.floor(place / SLOTS_PER_SLAB)]!;
    const from = (place % SLOTS_PER_SLAB) * KEY_WORDS;
    for (let at = 0; at < KEY_WORDS; at += 1) this.#lentWords[at] = words[from + at]!;
    return this.#lent;
  }

  /** Wipes what was lent. */
  takeBack(): void {
    for (let at = 0; at < KEY_WORDS; at += 1) this.#lentWords[at] = 0;
  }

  /** Wipes every key. Nothing may be acquired or released after this. */
  close(): void {
    for (const slab of this.#slabs) sodium.sodium_memzero(slab);
    this.takeBack();
    this.#slabs.length = 0;
    this.#words.length = 0;
    this.#numbers.clear();
    this.#free.length = 0;
  }

  #addSlab(): void {
    const slab = sodium.sodium_malloc(SLOTS_PER_SLAB * KEY_BYTES);
    slab.fill(0);
    this.#lock(slab);
    this.#numbers.set(slab.buffer, this.#slabs.length);
    this.#words.push(wordsOf(slab));
    this.#slabs.push(slab);
    for (let slot = SLOTS_PER_SLAB - 1; slot >= 0; slot -= 1) {
      this.#free.push(slab.subarray(slot * KEY_BYTES, (slot + 1) * KEY_BYTES));
    }
  }

  #lock(slab: Buffer): void {
    try {
      // sodium_malloc locks too, and keeps silent when it may not.
      sodium.sodium_mlock(slab);
    } catch {
      this.#locked = false;
    }
  }
}

/** Memory of `sodium_malloc` is a buffer of its own. */
function wordsOf({ buffer, byteOffset, byteLength }: Buffer): Uint32Array {
  return new Uint32Array(buffer, byteOffset, byteLength / 4);
}
