import { DriverError } from "../driver-error.ts";
import { HttpStatusError } from "../http/errors.ts";
import { SharedFlight } from "../shared-flight.ts";
import type { VaultClient, VaultLease } from "./client.ts";
import { errorText, explained } from "./faults.ts";
import type { VaultLogin } from "./options.ts";

type TokenClient = Pick<VaultClient, "login" | "renew" | "lookUp">;

interface Held extends VaultLease {
  /** Milliseconds of `performance.now`; nobody uses the token from here on. */
  readonly endsAt: number;
}

const FLIGHT_MS = 10_000;
const MIN_DELAY_MS = 500;
const MAX_DELAY_MS = 2 ** 31 - 1;

/**
 * The token of one configuration: logged in for by one flight at a time, prolonged at two thirds of
 * its life, replaced once when Vault no longer knows it.
 */
export class VaultToken {
  readonly #client: TokenClient;
  readonly #login: VaultLogin;
  readonly #closed = new AbortController();
  readonly #logIn = new SharedFlight(() => this.#fetch());
  #held: Held | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(client: TokenClient, login: VaultLogin) {
    this.#client = client;
    this.#login = login;
  }

  /** Everything that must not appear in a message. */
  get secrets(): readonly string[] {
    const given = "token" in this.#login ? [this.#login.token] : Object.values(this.#login.body);
    return this.#held === undefined ? given : [...given, this.#held.token];
  }

  /** Runs `call` with a token, once more with a new one when the first had come to its end. */
  async use<T>(signal: AbortSignal, call: (token: string) => Promise<T>): Promise<T> {
    const { token } = await this.#get(signal);
    try {
      return await call(token);
    } catch (error) {
      if ("token" in this.#login || !isForbidden(error)) throw error;
      if (this.#held?.token === token) {
        if (await this.#isKnown(token, error, signal)) throw error;
        this.#forget(token);
      }
      return await call((await this.#get(signal)).token);
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#held = undefined;
    this.#closed.abort(new DriverError({ code: "KMS_CLOSED" }));
  }

  async #get(signal: AbortSignal): Promise<Held> {
    this.#closed.signal.throwIfAborted();
    if (this.#held !== undefined && performance.now() < this.#held.endsAt) return this.#held;
    return "token" in this.#login ? this.#take(this.#login.token) : this.#logIn.join(signal);
  }

  /** A given token works at once; how long it lives is asked beside the first call. */
  #take(token: string): Held {
    const held = { token, seconds: 0, renewable: false, endsAt: Infinity };
    this.#held = held;
    this.#client.lookUp(token, this.#deadline()).then(
      (lease) => lease && this.#keep(lease),
      () => {},
    );
    return held;
  }

  async #fetch(): Promise<Held> {
    if ("token" in this.#login) throw new TypeError("a given token has no log-in");
    const { path, body } = this.#login;
    try {
      return this.#keep(await this.#client.login(path, body, this.#deadline()));
    } catch (error) {
      throw explained("login", error, this.secrets);
    }
  }

  #keep(lease: VaultLease): Held {
    const endsAt = lease.seconds === 0 ? Infinity : performance.now() + lease.seconds * 1_000;
    const held = { ...lease, endsAt };
    if (!this.#closed.signal.aborted) {
      this.#held = held;
      this.#schedule(held);
    }
    return held;
  }

  #forget(token: string): void {
    // Somebody else may have replaced it in the meantime.
    if (this.#held?.token === token) this.#held = undefined;
  }

  /** At two thirds of what is left of its life. */
  #schedule({ endsAt, renewable }: Held): void {
    clearTimeout(this.#timer);
    const left = endsAt - performance.now();
    const hopeless = "token" in this.#login && !renewable;
    if (hopeless || left === Infinity || left < MIN_DELAY_MS) return;
    const delay = Math.min(Math.max((left * 2) / 3, MIN_DELAY_MS), MAX_DELAY_MS);
    this.#timer = setTimeout(() => void this.#prolong(), delay).unref();
  }

  async #prolong(): Promise<void> {
    const held = this.#held;
    if (held === undefined) return;
    try {
      if (!held.renewable) await this.#logIn.start();
      else await this.#renew(held);
    } catch {
      // The present token is good for another third of its life.
      if (this.#held === held) this.#schedule(held);
    }
  }

  async #renew(held: Held): Promise<void> {
    const lease = await this.#client.renew(held.token, this.#deadline());
    // Near the longest life that Vault allows, a token is prolonged by less and less.
    const exhausted = lease.seconds !== 0 && lease.seconds < held.seconds / 2;
    if (exhausted && !("token" in this.#login)) await this.#logIn.start();
    else this.#keep(lease);
  }

  async #isKnown(token: string, error: unknown, signal: AbortSignal): Promise<boolean> {
    if (isForbidden(error) && errorText(error.body).includes("invalid token")) return false;
    return (await this.#client.lookUp(token, signal)) !== undefined;
  }

  #deadline(): AbortSignal {
    return AbortSignal.any([AbortSignal.timeout(FLIGHT_MS), this.#closed.signal]);
  }
}

function isForbidden(error: unknown): error is HttpStatusError {
  return error instanceof HttpStatusError && error.status === 403;
}
