/** As long as HTTP clients keep a connection that nobody uses, with some to spare. */
const KEPT_MS = 35_000;

/** A call that follows another one at once does not find its connection free yet. */
const PER_CALL = 2;

/** Every client may have one more connection, to whoever gives out its tokens. */
const FOR_TOKENS = 1;

/**
 * How many connections one client may have open: by how many calls it had under way at once, until
 * the last of them has been idle for too long. An upper bound, since vendors' clients do not tell.
 */
export class OpenSockets {
  readonly #max: number;
  #since = 0;
  #peak = 0;
  #before = 0;

  /** A client has `max` connections for calls at most. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Takes in that so many calls are under way; gives how many more connections that may be. */
  note(calls: number, nowMs: number): number {
    const most = this.most(nowMs);
    this.#peak = Math.max(this.#peak, calls);
    return this.most(nowMs) - most;
  }

  most(nowMs: number): number {
    const windows = Math.floor((nowMs - this.#since) / KEPT_MS);
    if (windows > 0) {
      this.#before = windows === 1 ? this.#peak : 0;
      this.#peak = 0;
      this.#since += windows * KEPT_MS;
    }
    const calls = Math.max(this.#peak, this.#before);
    return calls === 0 ? 0 : Math.min(calls * PER_CALL, this.#max) + FOR_TOKENS;
  }
}
