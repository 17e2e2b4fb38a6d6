import type { Deadlines, Expiring } from "./deadlines.ts";
import type { CallOptions } from "./driver.ts";

type ScopeEnd = "KMS_ABORTED" | "KMS_TIMEOUT";

/** Rejection of {@link CallScope.race} when time is up or the caller has gone. */
export class ScopeEnded extends Error {}

/**
 * The time one call may take, over all its attempts. Clock and signal are taken
 * at first use, because a driver without a network needs neither.
 */
export class CallScope implements CallOptions, Expiring {
  readonly #deadlines: Deadlines;
  readonly #caller: AbortSignal | undefined;
  #controller: AbortController | undefined;
  #armed = false;
  #ended: ScopeEnd | undefined;
  #giveUp: ((error: ScopeEnded) => void) | undefined;

  constructor(deadlines: Deadlines, caller: AbortSignal | undefined) {
    this.#deadlines = deadlines;
    this.#caller = caller;
    if (caller?.aborted) this.#ended = "KMS_ABORTED";
  }

  /** Why the call is over although nobody answered; undefined while it is not. */
  get ended(): ScopeEnd | undefined {
    return this.#ended;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#ended !== undefined) this.#controller.abort();
    return this.#controller.signal;
  }

  /** Settles like `work`, or rejects as soon as the scope ends, whatever `work` does then. */
  race<T>(work: Promise<T>): Promise<T> {
    this.#arm();
    return new Promise<T>((resolve, reject) => {
      this.#giveUp = reject;
      if (this.#ended !== undefined) reject(new ScopeEnded(this.#ended));
      work.then(resolve, reject);
    });
  }

  expire(): void {
    this.#end("KMS_TIMEOUT");
  }

  release(): void {
    this.#giveUp = undefined;
    if (!this.#armed) return;
    this.#deadlines.remove(this);
    this.#caller?.removeEventListener("abort", this.#onAbort);
  }

  #arm(): void {
    if (this.#armed || this.#ended !== undefined) return;
    this.#armed = true;
    this.#deadlines.add(this);
    this.#caller?.addEventListener("abort", this.#onAbort, { once: true });
  }

  readonly #onAbort = (): void => this.#end("KMS_ABORTED");

  #end(reason: ScopeEnd): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#giveUp?.(new ScopeEnded(reason));
    this.#controller?.abort();
  }
}
