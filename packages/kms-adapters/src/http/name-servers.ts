import type { LookupAddress } from "node:dns";
import { Resolver } from "node:dns/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { findInHostsFile } from "./hosts-file.ts";
import { type Resolve, systemResolve } from "./resolver.ts";

export interface NameServersOptions {
  /** `address:port` each. Default: those of the system. */
  readonly servers?: readonly string[];
  /** Milliseconds until a name server is asked again, which happens once. Default: 1 500. */
  readonly timeoutMs?: number;
  /** Where names stand that are asked of nobody. Default: that of the system. */
  readonly hostsFile?: string;
}

/** After one family's addresses are there, the other's are worth waiting this long. */
const GRACE_MS = 300;

/** The system's settings may change while we run. */
const KEEP_RESOLVER_MS = 60_000;

/** No name server could be asked at all. */
const NOBODY: ReadonlySet<unknown> = new Set(["ECONNREFUSED", "ENOTIMP"]);

/**
 * Asks name servers without the system's resolver, which does two look-ups at a time and no more: two
 * tenants whose name servers keep silent would keep everybody else's names from being found.
 */
export class NameServers {
  readonly #options: NameServersOptions;
  #resolver: Resolver | undefined;
  #madeAt = 0;

  constructor(options: NameServersOptions = {}) {
    this.#options = options;
  }

  readonly resolve: Resolve = async (hostname) => {
    const known = await findInHostsFile(hostname, this.#options.hostsFile);
    return known.length > 0 ? known : this.#ask(hostname);
  };

  async #ask(hostname: string): Promise<readonly LookupAddress[]> {
    const resolver = this.#current();
    const asked = [found(resolver.resolve4(hostname), 4), found(resolver.resolve6(hostname), 6)];
    const first = await Promise.any(asked).catch(() => undefined);
    if (first === undefined) return this.#explain(hostname, asked);
    const late = new AbortController();
    const grace = sleep(GRACE_MS, [], { signal: late.signal }).catch(() => []);
    const rest = asked.map((answer) => Promise.race([answer.catch(() => []), grace]));
    try {
      return (await Promise.all(rest)).flat();
    } finally {
      late.abort();
    }
  }

  async #explain(
    hostname: string,
    asked: readonly Promise<unknown>[],
  ): Promise<readonly LookupAddress[]> {
    const [v4] = await Promise.allSettled(asked);
    const reason: unknown = v4?.status === "rejected" ? v4.reason : undefined;
    const code = reason instanceof Error && "code" in reason ? reason.code : undefined;
    if (NOBODY.has(code)) return systemResolve(hostname);
    throw reason;
  }

  #current(): Resolver {
    const { servers, timeoutMs: timeout = 1_500 } = this.#options;
    const now = performance.now();
    if (this.#resolver === undefined || now - this.#madeAt > KEEP_RESOLVER_MS) {
      this.#resolver = new Resolver({ timeout, tries: 2 });
      if (servers !== undefined) this.#resolver.setServers(servers);
      this.#madeAt = now;
    }
    return this.#resolver;
  }
}

/** Rejects for a family without addresses, as the name server would. */
async function found(answer: Promise<string[]>, family: 4 | 6): Promise<LookupAddress[]> {
  const addresses = await answer;
  return addresses.map((address) => ({ address, family }));
}
