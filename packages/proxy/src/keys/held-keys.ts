import { setImmediate as nextTurn } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import { ProxyError } from "../errors.ts";
import type { HeldKey } from "./held-key.ts";
import type { KeyOpener, WrappedTarget } from "./open-key.ts";
import { SingleFlight, untilAborted } from "./single-flight.ts";
import { stopping } from "./stopping.ts";

export interface HeldKeysOptions {
  readonly opener: KeyOpener;
  /** Keys held at most; the least recently used one is wiped. */
  readonly max: number;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

/** How often a key may be withdrawn between its opening and its use before we give up. */
const MAX_ATTEMPTS = 3;

/** Keys that a KMS opened, kept for the next use: bounded in number and age, wiped when they go. */
export class HeldKeys {
  readonly #opener: KeyOpener;
  readonly #now: () => number;
  readonly #keys: LRUCache<string, HeldKey>;
  readonly #flights = new SingleFlight<HeldKey>();
  #closed = false;

  constructor({ opener, max, now }: HeldKeysOptions) {
    this.#opener = opener;
    this.#now = now;
    this.#keys = new LRUCache({
      max,
      dispose(key, _name, reason) {
        if (reason === "delete") key.release();
        // Those who waited for this key, and got it in this very turn, still use it in this turn.
        else setImmediate(() => key.release());
      },
    });
  }

  get size(): number {
    return this.#keys.size;
  }

  /** A key that may be used at once, if it came from the very same bytes. */
  find(name: string, wrapped: Buffer): HeldKey | undefined {
    const key = this.#keys.get(name);
    if (key === undefined || !key.verified || !key.wrapped.equals(wrapped)) return undefined;
    if (this.#now() >= key.expiresAt) return undefined;
    key.used = true;
    return key;
  }

  /**
   * Opens a key with its KMS, once for everybody who asks meanwhile. It may be used in this turn of
   * the event loop, even if others push it out at once.
   * @throws ProxyError 203, 205 to 210
   */
  async open(target: WrappedTarget, signal: AbortSignal): Promise<HeldKey> {
    // Never the name alone: bytes that somebody made up must not share an outcome with real ones.
    const { name, configuration, wrapped } = target;
    const flight = `${name}/${configuration.fingerprint}/${wrapped.toString("latin1")}`;
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const opening = this.#flights.run(flight, () => this.#open(target));
      const key = await untilAborted(opening, signal);
      if (!key.released) return key;
    }
    throw new ProxyError(
      "KMS_UNREACHABLE",
      "The key was withdrawn again and again while it was being opened. Try again.",
    );
  }

  /** Takes over a key that is in the clear already. */
  adopt(key: HeldKey): void {
    if (this.#closed) key.release();
    else this.#keys.set(key.name, key);
  }

  /** Wipes one key, unless another one has its name by now. */
  drop(key: HeldKey): void {
    if (this.#keys.peek(key.name) === key) this.#keys.delete(key.name);
    key.release();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#keys.clear();
    await this.#flights.settled();
    // Keys that were pushed out just now go in the turn after.
    await nextTurn();
  }

  async #open(target: WrappedTarget): Promise<HeldKey> {
    if (this.#closed) throw stopping();
    const held = this.#keys.peek(target.name);
    if (held !== undefined && this.#awaitsCheck(held, target)) {
      await this.#opener.confirm(held, target.configuration, (key) => this.drop(key));
      if (!held.released) return held;
    }
    const key = await this.#opener.open(target);
    this.adopt(key);
    return key;
  }

  #awaitsCheck(held: HeldKey, { configuration, wrapped }: WrappedTarget): boolean {
    const current = held.fingerprint === configuration.fingerprint && held.wrapped.equals(wrapped);
    return current && !held.verified && this.#now() < held.expiresAt;
  }
}
