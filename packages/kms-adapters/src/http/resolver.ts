import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";

/** All addresses of a name; rejects with a Node error (`ENOTFOUND`) when there are none. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

export const systemResolve: Resolve = (hostname) => lookup(hostname, { all: true });

interface Entry {
  readonly addresses: Promise<readonly LookupAddress[]>;
  expires: number;
}

const MAX_NAMES = 1_000;
const KEEP_MS = 10_000;

/** One look-up per name at a time, its answer shared for ten seconds. */
export class SharedResolver {
  readonly #resolve: Resolve;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();

  constructor(resolve: Resolve = systemResolve, now: () => number = () => performance.now()) {
    this.#resolve = resolve;
    this.#now = now;
  }

  resolve(hostname: string): Promise<readonly LookupAddress[]> {
    const known = this.#entries.get(hostname);
    if (known !== undefined && known.expires > this.#now()) return known.addresses;

    const entry: Entry = { addresses: this.#resolve(hostname), expires: Infinity };
    this.#entries.delete(hostname);
    this.#entries.set(hostname, entry);
    this.#trim();
    entry.addresses.then(
      () => (entry.expires = this.#now() + KEEP_MS),
      () => this.#entries.get(hostname) === entry && this.#entries.delete(hostname),
    );
    return entry.addresses;
  }

  #trim(): void {
    if (this.#entries.size <= MAX_NAMES) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
