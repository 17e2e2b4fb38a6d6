import { randomFillSync } from "node:crypto";

const POOL_BYTES = 16 * 1024;

/**
 * Random bytes drawn from the operating system many at a time: one call for each wrap would cost
 * more than the wrap. No byte is given out twice, and what was given out is wiped here at once.
 */
export class RandomPool {
  readonly #pool: Buffer = Buffer.allocUnsafeSlow(POOL_BYTES);
  #used: number = POOL_BYTES;

  /** Fills `target` from `start` to its end. */
  fill(target: Buffer, start = 0): void {
    const length = target.length - start;
    if (length > POOL_BYTES) {
      randomFillSync(target, start);
      return;
    }
    if (this.#used + length > POOL_BYTES) this.#refill();
    const pool = this.#pool;
    let from = this.#used;
    this.#used += length;
    for (let at = start; at < target.length; at += 1) {
      target[at] = pool[from]!;
      pool[from] = 0;
      from += 1;
    }
  }

  /** 1 … 2^31-1: what fits the `int32` of an EDEK and is not the 0 of an unleased one. */
  leaseId(): number {
    const bytes = Buffer.alloc(4);
    let id = 0;
    while (id === 0) {
      this.fill(bytes);
      id = bytes.readUInt32BE() >>> 1;
    }
    return id;
  }

  /** Forgets the bytes that nobody got. */
  wipe(): void {
    this.#pool.fill(0);
    this.#used = POOL_BYTES;
  }

  #refill(): void {
    randomFillSync(this.#pool);
    this.#used = 0;
  }
}
