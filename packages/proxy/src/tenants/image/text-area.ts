/** Where a text is in the section of texts: its first byte and its length in bytes. */
export type TextPlace = readonly [offset: number, length: number];

const FIRST_BYTES = 64 * 1024;

/** More text than can be served: aliases can make a small file mean a great deal. */
export class TextLimitError extends Error {
  static {
    this.prototype.name = "TextLimitError";
  }
}

/** Texts in UTF-8, one after the other. */
export class TextArea {
  readonly #limit: number;
  readonly #shared = new Map<string, TextPlace>();
  #bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #length = 0;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** @throws TextLimitError */
  add(text: string): TextPlace {
    // No UTF-16 unit takes more than three bytes; most take one.
    const most = text.length * 3;
    if (this.#length + most > this.#bytes.length) this.#grow(Buffer.byteLength(text));
    const offset = this.#length;
    const length = this.#bytes.write(text, offset, "utf8");
    this.#length += length;
    return [offset, length];
  }

  /** As `add`; a text that was there before is not kept twice. */
  addShared(text: string): TextPlace {
    const known = this.#shared.get(text);
    if (known !== undefined) return known;
    const place = this.add(text);
    this.#shared.set(text, place);
    return place;
  }

  #grow(more: number): void {
    const needed = this.#length + more;
    if (needed > this.#limit) throw new TextLimitError("too much text");
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.min(this.#limit, needed * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
