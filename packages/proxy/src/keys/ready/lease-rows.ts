/**
 * Words of a row's head; after it stand the binding text of the lease and the EDEK that all its
 * wraps share. One row is a few lines of the CPU's cache, all in one place.
 */
export const WORD = {
  hash: 0,
  /** 1 + the next row with the same place in the table, or 0. */
  next: 1,
  idLength: 2,
  /** Version of the snapshot for which the row was written. */
  version: 3,
  leaseId: 4,
  configurationId: 5,
  /** Index of the configuration's KMS type. */
  type: 6,
  /** Of the key in the memory for keys. */
  place: 7,
  bindingLength: 8,
  edekLength: 9,
  sealedAt: 10,
  ivAt: 11,
  wrappedAt: 12,
  /** A double: until when the row may be used, in milliseconds of the process's monotonic clock. */
  until: 14,
} as const;

/** Of a head. */
const HEAD_BYTES = 64;

/** Room for a tenant id of 36 characters and a lease key wrapped by RSA with 3,072 bits. */
const ROW_BYTES = 640;

const ROW_WORDS = ROW_BYTES / 4;

/** Binding text and EDEK of a row together. */
export const MAX_TEXT_BYTES: number = ROW_BYTES - HEAD_BYTES;

/** The binding text begins with a label and the length of the tenant id. */
const ID_AT = HEAD_BYTES + 15;

const SLAB_SHIFT = 12;
const SLAB_ROWS = 2 ** SLAB_SHIFT;
const SLAB_MASK = SLAB_ROWS - 1;

/** Twice as many as there can be leases that wrap: a power of two. The system gives what is touched. */
const PLACES = 262_144;
const PLACE_MASK = PLACES - 1;

export const NO_ROW = -1;

/** Rows that lie side by side. */
export interface Slab {
  readonly bytes: Buffer;
  readonly words: Uint32Array;
  readonly doubles: Float64Array;
}

/**
 * Rows of one size, found by tenant id. The ids are ASCII, each has at most one row, and there are
 * as many rows as their owner takes; memory of those that are dropped is used again.
 */
export class LeaseRows {
  readonly #first: Int32Array = new Int32Array(PLACES);
  readonly #slabs: Slab[] = [];
  readonly #dropped: number[] = [];
  #made = 0;

  /** Rows in use. */
  get size(): number {
    return this.#made - this.#dropped.length;
  }

  slabOf(row: number): Slab {
    return this.#slabs[row >>> SLAB_SHIFT]!;
  }

  /** Index of a row's first word in its slab. */
  headOf(row: number): number {
    return (row & SLAB_MASK) * ROW_WORDS;
  }

  /** Index of the binding text's first byte in the row's slab. */
  textOf(row: number): number {
    return (row & SLAB_MASK) * ROW_BYTES + HEAD_BYTES;
  }

  /** The row of a tenant, by its id and a hash of that, or `NO_ROW`. */
  find(id: string, hash: number): number {
    let row = this.#first[hash & PLACE_MASK]! - 1;
    while (row !== NO_ROW) {
      const { words, bytes } = this.slabOf(row);
      const head = this.headOf(row);
      if (words[head + WORD.hash] === hash && words[head + WORD.idLength] === id.length) {
        if (isText(bytes, head * 4 + ID_AT, id)) return row;
      }
      row = words[head + WORD.next]! - 1;
    }
    return NO_ROW;
  }

  /** The row of a tenant, or a new one, whose owner writes the binding text before anyone looks. */
  take(id: string, hash: number): number {
    const found = this.find(id, hash);
    if (found !== NO_ROW) return found;
    const row = this.#dropped.pop() ?? this.#make();
    const { words } = this.slabOf(row);
    const head = this.headOf(row);
    const place = hash & PLACE_MASK;
    words[head + WORD.hash] = hash;
    words[head + WORD.idLength] = id.length;
    words[head + WORD.next] = this.#first[place]!;
    this.#first[place] = row + 1;
    return row;
  }

  /** Takes a row back that is in use. */
  drop(row: number): void {
    const head = this.headOf(row);
    const { words } = this.slabOf(row);
    const next = words[head + WORD.next]!;
    const place = words[head + WORD.hash]! & PLACE_MASK;
    const before = this.#before(row, place);
    if (before === NO_ROW) this.#first[place] = next;
    else this.slabOf(before).words[this.headOf(before) + WORD.next] = next;
    this.#dropped.push(row);
  }

  #before(row: number, place: number): number {
    let before = NO_ROW;
    let at = this.#first[place]! - 1;
    while (at !== row) {
      before = at;
      at = this.slabOf(at).words[this.headOf(at) + WORD.next]! - 1;
    }
    return before;
  }

  #make(): number {
    const row = this.#made;
    if ((row & SLAB_MASK) === 0) {
      const memory = new ArrayBuffer(SLAB_ROWS * ROW_BYTES);
      const bytes = Buffer.from(memory);
      const slab = { bytes, words: new Uint32Array(memory), doubles: new Float64Array(memory) };
      this.#slabs.push(slab);
    }
    this.#made += 1;
    return row;
  }
}

function isText(bytes: Buffer, from: number, text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    if (bytes[from + at] !== text.charCodeAt(at)) return false;
  }
  return true;
}
