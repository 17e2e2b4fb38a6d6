/** A monotonic clock that only moves when told. */
export class FakeClock {
  #now = 1_000_000;

  readonly now = (): number => this.#now;

  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }
}
