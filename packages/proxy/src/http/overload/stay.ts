import type { BatchGate } from "./batch-gate.ts";
import type { Overload } from "./overload.ts";
import type { ShedError } from "./shed-error.ts";

/** How often one that waits for its refusal looks whether there is room again. */
const LOOK_MS = 200;

/**
 * What a request is and holds beyond one turn of the event loop. Made for those that wait, are
 * large, or are refused again; what is answered at once has none.
 */
export class Stay {
  readonly #overload: Overload;
  #gone = false;
  #waits = false;
  #bodyBytes = 0;
  #parked: { readonly error: ShedError; timer: NodeJS.Timeout | undefined } | undefined;
  #whenSent: (() => void) | undefined;

  constructor(overload: Overload) {
    this.#overload = overload;
  }

  /** The client has gone: nobody will read an answer. */
  get gone(): boolean {
    return this.#gone;
  }

  /** Work for the answer is work for nothing. */
  get over(): boolean {
    return this.#gone || this.#parked !== undefined;
  }

  /** Counts it among the requests that wait; false when these are too many. */
  takeRequest(): boolean {
    this.#waits ||= this.#overload.requests.take(1);
    return this.#waits;
  }

  /** Counts bytes of its body; false when too many are on their way. */
  takeBody(bytes: number): boolean {
    const taken = this.#overload.bodies.take(bytes);
    if (taken) this.#bodyBytes += bytes;
    return taken;
  }

  get batches(): BatchGate {
    return this.#overload.batches;
  }

  /** Gives back what it took. */
  give(): void {
    if (this.#waits) this.#overload.requests.give(1);
    this.#overload.bodies.give(this.#bodyBytes);
    this.#waits = false;
    this.#bodyBytes = 0;
  }

  /**
   * Calls `refuse` with the refusal when its time has come, or there is room again; until then no
   * other answer is given.
   */
  park(error: ShedError, milliseconds: number, refuse: (error: ShedError) => void): void {
    this.give();
    const until = performance.now() + milliseconds;
    const look = (): void => {
      const leftMs = until - performance.now();
      if (leftMs <= 0 || this.#overload.relieved) refuse(error);
      else parked.timer = setTimeout(look, Math.min(leftMs, LOOK_MS));
    };
    const parked = { error, timer: setTimeout(look, Math.min(milliseconds, LOOK_MS)) };
    this.#parked = parked;
  }

  /** The refusal that waits for its time. */
  get parked(): ShedError | undefined {
    return this.#parked?.error;
  }

  /** `sent` is called when the client goes, if nobody else has called it before. */
  onLeave(sent: () => void): void {
    this.#whenSent = sent;
  }

  leave(): void {
    this.#gone = true;
    clearTimeout(this.#parked?.timer);
    this.#whenSent?.();
  }
}
