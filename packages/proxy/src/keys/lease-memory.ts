import sodium from "sodium-native";
import { KEY_BYTES } from "../edek/edek.ts";

/** 64 KiB a slab: few guard pages for many keys, and 8 MiB of lockable memory hold 200,000 keys. */
const SLOTS_PER_SLAB = 2_048;

/**
 * 32-byte places for lease keys and tenant secrets in memory that is locked, guarded and left out
 * of core dumps. Slabs are made when needed and kept; what may be held is bounded by the caches.
 */
export class LeaseMemory {
  readonly #slabs: Buffer[] = [];
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

  /** Wipes every key. Nothing may be acquired or released after this. */
  close(): void {
    for (const slab of this.#slabs) sodium.sodium_memzero(slab);
    this.#slabs.length = 0;
    this.#free.length = 0;
  }

  #addSlab(): void {
    const slab = sodium.sodium_malloc(SLOTS_PER_SLAB * KEY_BYTES);
    slab.fill(0);
    this.#lock(slab);
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
