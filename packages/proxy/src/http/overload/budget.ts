/** A number of things that may exist at once. */
export class Budget {
  readonly limit: number;
  #used = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  get halfFree(): boolean {
    return this.#used <= this.limit / 2;
  }

  /** False when they are too many; then nothing was taken. */
  take(amount: number): boolean {
    if (this.#used + amount > this.limit) return false;
    this.#used += amount;
    return true;
  }

  give(amount: number): void {
    this.#used -= amount;
  }
}
