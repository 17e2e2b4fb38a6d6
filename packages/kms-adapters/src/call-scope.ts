import type { CallOptions } from "./driver.ts";

type ScopeEnd = "KMS_ABORTED" | "KMS_TIMEOUT";

/** Rejection of {@link CallScope.race} when time is up or the caller has gone. */
export class ScopeEnded extends Error {}

/**
 * The time one call may take, over all its attempts. Timer and signal are made
 * at first use, because a driver without a network needs neither.
 */
export class CallScope implements CallOptions {
  readonly #timeoutMs: number;
  readonly #caller: AbortSignal | undefined;
  #controller: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ended: ScopeEnd | undefined;
  #giveUp: ((error: ScopeEnded) => void) | undefined;

  constructor(timeoutMs: number, caller: AbortSignal | undefined) {
    this.#timeoutMs = timeoutMs;
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

  release(): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener("abort", this.#onAbort);
    this.#giveUp = undefined;
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#ended !== undefined) return;
    this.#timer = setTimeout(() => this.#end("KMS_TIMEOUT"), this.#timeoutMs);
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
