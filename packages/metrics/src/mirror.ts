import { ftruncateSync, writeSync } from "node:fs";
import { LIST_AT, listLine, MIRROR_BYTES } from "./mirror-layout.ts";
import type { Slots } from "./slots.ts";

/**
 * A copy of all counters and histograms in a file. Another process reads it with `readMirror` when
 * this one has ended without a word.
 */
export interface Mirror {
  /** Writes what has changed since the last time. Never throws: a mirror that fails is empty. */
  save(): void;
}

/** Copies the slots as they are, and lists beside them what they are of. */
export class SlotMirror implements Mirror {
  readonly #fd: number;
  readonly #slots: Slots;
  #listEnd = LIST_AT;
  #lost = false;

  constructor(fd: number, slots: Slots) {
    this.#fd = fd;
    this.#slots = slots;
    this.save();
  }

  save(): void {
    const slots = this.#slots;
    const from = slots.changedFrom * Float64Array.BYTES_PER_ELEMENT;
    const to = slots.changedTo * Float64Array.BYTES_PER_ELEMENT;
    if (to === 0 || this.#lost) return;
    try {
      if (slots.entries.length > 0) this.#list();
      writeSync(this.#fd, slots.bytes, from, to - from, from);
      slots.settle();
    } catch {
      this.#lose();
    }
  }

  /** Says what is in slots that nobody has used before. */
  #list(): void {
    const lines = Buffer.from(this.#slots.entries.map(listLine).join(""), "latin1");
    if (this.#listEnd + lines.length > MIRROR_BYTES) throw new RangeError("the list is full");
    writeSync(this.#fd, lines, 0, lines.length, this.#listEnd);
    this.#listEnd += lines.length;
  }

  /** What is no longer kept up must not be taken for the truth. */
  #lose(): void {
    this.#lost = true;
    try {
      ftruncateSync(this.#fd, 0);
    } catch {
      // It is not there at all.
    }
  }
}
