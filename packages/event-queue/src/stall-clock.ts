/** How long it is since a reader took something, or since there was something to take. */
export class StallClock {
  #since = performance.now();

  /** An event has come into an empty queue, or has left it. */
  restart(): void {
    this.#since = performance.now();
  }

  get stalledMs(): number {
    return performance.now() - this.#since;
  }
}
