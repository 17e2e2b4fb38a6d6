/** What a reader has received, as a few numbers with a fixed place in a file. */
export class Progress {
  readonly #numbers = new Float64Array(5);

  static from(bytes: Uint8Array): Progress {
    const progress = new Progress();
    progress.bytes.set(bytes.subarray(0, progress.bytes.length));
    return progress;
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.#numbers.buffer);
  }

  add(sequence: number, frames: number): void {
    const isNext = this.count === 0 || sequence === this.last + 1;
    if (this.count === 0) this.#numbers[1] = sequence;
    this.#numbers[0] = this.count + 1;
    this.#numbers[2] = sequence;
    this.#numbers[3] = this.gaps + (isNext ? 0 : 1);
    this.#numbers[4] = Math.max(this.mostFrames, frames);
  }

  get count(): number {
    return this.#numbers[0] ?? 0;
  }

  get first(): number {
    return this.#numbers[1] ?? 0;
  }

  get last(): number {
    return this.#numbers[2] ?? 0;
  }

  /** How often an event was not the one after the event before. */
  get gaps(): number {
    return this.#numbers[3] ?? 0;
  }

  get mostFrames(): number {
    return this.#numbers[4] ?? 0;
  }
}
