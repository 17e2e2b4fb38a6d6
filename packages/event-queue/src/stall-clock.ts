/** Tells a reader that is too slow from one that takes nothing. Reads the clock only when asked. */
export class StallClock {
  readonly #timeoutMs: number;
  #sent = 0;
  #since = performance.now();

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** An event has come into an empty queue: from now on it waits. */
  start(sent: number): void {
    this.#sent = sent;
    this.#since = performance.now();
  }

  /** Whether no event was sent for longer than the timeout, as far as the calls before can tell. */
  stalled(sent: number): boolean {
    if (sent !== this.#sent) this.start(sent);
    return performance.now() - this.#since > this.#timeoutMs;
  }
}
