/** Items written in one turn of the event loop: well under a millisecond of work. */
const ITEMS_PER_TURN = 250;

/** Collects a long text in slices, between which other requests can be served. */
export class SlicedText {
  readonly #parts: Buffer[] = [];
  #text = "";
  #items = 0;

  append(text: string): void {
    this.#text += text;
  }

  /** Ends an item. True: enough for one turn of the event loop. */
  endItem(): boolean {
    this.#items += 1;
    if (this.#items % ITEMS_PER_TURN !== 0) return false;
    this.#cut();
    return true;
  }

  /** The text so far, as UTF-8. */
  parts(): readonly Buffer[] {
    this.#cut();
    return this.#parts;
  }

  #cut(): void {
    if (this.#text === "") return;
    this.#parts.push(Buffer.from(this.#text));
    this.#text = "";
  }
}
