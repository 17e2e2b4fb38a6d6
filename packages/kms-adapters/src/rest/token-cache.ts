import { DriverError } from "../driver-error.ts";
import { HttpStatusError } from "../http/errors.ts";

export interface AccessToken {
  readonly value: string;
  /** As the vendor said when it gave the token. */
  readonly lifetimeMs: number;
}

/** Asks the vendor for a token. The signal fires when nobody waits any more. */
export type FetchToken = (signal: AbortSignal) => Promise<AccessToken>;

export interface TokenCacheOptions {
  /** Milliseconds of any steady clock. Default: `performance.now`. */
  readonly now?: () => number;
}

interface Held {
  readonly value: string;
  /** From here on one call asks for the next token, while all go on with this one. */
  renewAt: number;
  /** From here on nobody uses it. */
  readonly endsAt: number;
}

interface Flight {
  readonly token: Promise<string>;
  readonly controller: AbortController;
  waiting: number;
}

const MAX_MARGIN_MS = 60_000;
const MARGIN = 0.1;
const RENEWAL_MS = 10_000;

/** One bearer token, asked for by one flight at a time and renewed shortly before its end. */
export class TokenCache {
  readonly #fetch: FetchToken;
  readonly #now: () => number;
  #held: Held | undefined;
  #flight: Flight | undefined;
  #closed = false;

  constructor(fetch: FetchToken, { now = () => performance.now() }: TokenCacheOptions = {}) {
    this.#fetch = fetch;
    this.#now = now;
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
    this.#closed = true;
    this.#held = undefined;
    this.#flight?.controller.abort();
  }

  async #get(signal: AbortSignal): Promise<string> {
    if (this.#closed) throw new DriverError({ code: "KMS_CLOSED" });
    const held = this.#held;
    if (held === undefined || this.#now() >= held.endsAt) return this.#wait(signal);
    if (this.#now() >= held.renewAt && this.#flight === undefined) {
      // When it fails, the next try is not made at once: the present token is still good.
      held.renewAt = this.#now() + RENEWAL_MS;
      this.#wait(AbortSignal.timeout(RENEWAL_MS)).catch(() => {});
    }
    return held.value;
  }

  /** Joins the flight; the last one who leaves early ends it. */
  async #wait(signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    const flight = (this.#flight ??= this.#start());
    flight.waiting += 1;
    const gone = Promise.withResolvers<never>();
    const leave = (): void => gone.reject(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    try {
      return await Promise.race([flight.token, gone.promise]);
    } finally {
      signal.removeEventListener("abort", leave);
      flight.waiting -= 1;
      if (flight.waiting === 0) this.#land(flight);
    }
  }

  #land(flight: Flight): void {
    flight.controller.abort();
    if (this.#flight === flight) this.#flight = undefined;
  }

  #start(): Flight {
    const controller = new AbortController();
    const token = this.#take(controller.signal);
    // Everybody may have left before it fails.
    token.catch(() => {});
    return { token, controller, waiting: 0 };
  }

  async #take(signal: AbortSignal): Promise<string> {
    const asked = this.#now();
    const { value, lifetimeMs } = await this.#fetch(signal);
    const margin = Math.min(MAX_MARGIN_MS, lifetimeMs * MARGIN);
    const endsAt = asked + lifetimeMs - margin;
    if (!this.#closed) this.#held = { value, renewAt: endsAt - margin, endsAt };
    return value;
  }
}
