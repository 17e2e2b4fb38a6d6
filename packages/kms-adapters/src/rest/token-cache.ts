import { DriverError } from "../driver-error.ts";
import { HttpStatusError } from "../http/errors.ts";
import { SharedFlight } from "../shared-flight.ts";

export interface AccessToken {
  readonly value: string;
  /** As the vendor said when it gave the token. */
  readonly lifetimeMs: number;
}

/** Asks the vendor for a token, until the signal fires. */
export type FetchToken = (signal: AbortSignal) => Promise<AccessToken>;

export interface TokenCacheOptions {
  /** Milliseconds of any steady clock. Default: `performance.now`. */
  readonly now?: () => number;
  /** How long one request for a token may take, in milliseconds. Default: 5 000. */
  readonly timeoutMs?: number;
}

interface Held {
  readonly value: string;
  /** From here on one call asks for the next token, while all go on with this one. */
  renewAt: number;
  /** From here on nobody uses it. */
  readonly endsAt: number;
}

const MAX_MARGIN_MS = 60_000;
const MARGIN = 0.1;
const RENEWAL_PAUSE_MS = 10_000;

/** One bearer token, asked for by one flight at a time and renewed shortly before its end. */
export class TokenCache {
  readonly #fetch: FetchToken;
  readonly #now: () => number;
  readonly #timeoutMs: number;
  readonly #closed = new AbortController();
  readonly #flight = new SharedFlight(() => this.#take());
  #held: Held | undefined;

  constructor(fetch: FetchToken, options: TokenCacheOptions = {}) {
    this.#fetch = fetch;
    this.#now = options.now ?? (() => performance.now());
    this.#timeoutMs = options.timeoutMs ?? 5_000;
  }

  /**
   * Runs `call` with a token; once more with a fresh one when the vendor answers 401, since tokens
   * are revoked and clocks are set while nobody looks.
   */
  async use<T>(signal: AbortSignal, call: (token: string) => Promise<T>): Promise<T> {
    const token = await this.#get(signal);
    try {
      return await call(token);
    } catch (error) {
      if (!(error instanceof HttpStatusError) || error.status !== 401) throw error;
      // Others may have replaced it already: only the refused token goes.
      if (this.#held?.value === token) this.#held = undefined;
      return await call(await this.#get(signal));
    }
  }

  /** Forgets the token and ends what is under way. */
  close(): void {
    this.#held = undefined;
    this.#closed.abort(new DriverError({ code: "KMS_CLOSED" }));
  }

  async #get(signal: AbortSignal): Promise<string> {
    this.#closed.signal.throwIfAborted();
    const held = this.#held;
    if (held === undefined || this.#now() >= held.endsAt) return this.#flight.join(signal);
    if (this.#now() >= held.renewAt && !this.#flight.underWay) {
      // When it fails, the next try is not made at once: the present token is still good.
      held.renewAt = this.#now() + RENEWAL_PAUSE_MS;
      this.#flight.start().catch(() => {});
    }
    return held.value;
  }

  async #take(): Promise<string> {
    const deadline = AbortSignal.timeout(this.#timeoutMs);
    const asked = this.#now();
    try {
      const { value, lifetimeMs } = await this.#fetch(
        AbortSignal.any([deadline, this.#closed.signal]),
      );
      const margin = Math.min(MAX_MARGIN_MS, lifetimeMs * MARGIN);
      const endsAt = asked + lifetimeMs - margin;
      this.#closed.signal.throwIfAborted();
      this.#held = { value, renewAt: endsAt - margin, endsAt };
      return value;
    } catch (cause) {
      if (!deadline.aborted) throw cause;
      const detail = "the token service did not answer in time";
      throw new DriverError({ code: "KMS_TIMEOUT", detail }, { cause });
    }
  }
}
