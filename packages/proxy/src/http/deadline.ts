/** What is still at work when the deadline fires gets this long to fail with its own code. */
const GRACE_MS = 1_000;

/** The time a request has to be answered. Only made for requests that wait for something. */
export class Deadline {
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout;

  /** `overdue` is called when nothing has ended the wait a second after the signal. */
  constructor(limitMs: number, overdue: () => void) {
    this.#timer = setTimeout(() => {
      this.#timer = setTimeout(overdue, GRACE_MS);
      this.#controller.abort(new DOMException("The request's deadline has passed", "TimeoutError"));
    }, limitMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  clear(): void {
    clearTimeout(this.#timer);
  }

  /** Nobody waits any more: what is under way may end now. */
  end(): void {
    this.clear();
    this.#controller.abort(new DOMException("Nobody waits for the answer", "AbortError"));
  }
}
