import { LRUCache } from "lru-cache";
import type { KmsConfiguration } from "../tenants/tenant.ts";
import type { MintedLease, LeaseMaker } from "./lease-maker.ts";
import type { HeldKey } from "./held-key.ts";
import type { KeyOpener } from "./open-key.ts";
import { withdrawsKey } from "./refusal.ts";
import { SingleFlight, untilAborted } from "./single-flight.ts";
import { stopping } from "./stopping.ts";

export interface LeaseMintOptions {
  readonly maker: LeaseMaker;
  readonly opener: KeyOpener;
  /** Tenants whose wrapping lease is kept; the least recently used one may only unwrap from then. */
  readonly max: number;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** A lease wraps no more, whatever becomes of its key. */
  readonly onEnd: (key: HeldKey) => void;
  /** Takes over a key that wraps no more and still unwraps; or wipes it. */
  readonly retire: (key: HeldKey) => void;
  /** A new lease could not be made ahead of time; the old one goes on for a while. */
  readonly onRefreshFailed: (configurationId: number, error: unknown) => void;
}

/** Whether a lease is of this very configuration. */
export function isOf({ key }: MintedLease, { id, fingerprint }: KmsConfiguration): boolean {
  return key.configurationId === id && key.fingerprint === fingerprint;
}

/** One lease per tenant that wraps: made here, replaced ahead of its end, never used beyond it. */
export class LeaseMint {
  readonly #options: LeaseMintOptions;
  readonly #leases: LRUCache<string, MintedLease>;
  readonly #flights = new SingleFlight<void>();
  readonly #checks = new SingleFlight<void>();
  #closed = false;

  constructor(options: LeaseMintOptions) {
    this.#options = options;
    this.#leases = new LRUCache({
      max: options.max,
      dispose: ({ key }, _tenantId, reason) => {
        options.onEnd(key);
        if (reason === "delete") key.release();
        else options.retire(key);
      },
    });
  }

  get size(): number {
    return this.#leases.size;
  }

  /** The tenant's lease, whichever configuration it is of. */
  peek(tenantId: string): MintedLease | undefined {
    return this.#leases.peek(tenantId);
  }

  /**
   * Takes one wrap out of the tenant's lease; undefined when there is none that may wrap now.
   * Seal before the next `await`.
   */
  reserve(tenantId: string, configuration: KmsConfiguration): MintedLease | undefined {
    const lease = this.#leases.get(tenantId);
    if (lease === undefined || !isOf(lease, configuration) || !lease.key.verified) return undefined;
    const now = this.#options.now();
    if (now >= lease.key.expiresAt || lease.wraps >= lease.maxWraps) return undefined;
    lease.wraps += 1;
    lease.key.used = true;
    if (now >= lease.refreshAt || lease.wraps >= lease.refreshWraps) {
      this.#refreshBehind(tenantId, configuration, lease, now);
    }
    return lease;
  }

  /**
   * As `reserve`, after a lease was made or checked, once for everybody who waits for it.
   * @throws ProxyError 204 to 210
   */
  async reserveNext(
    tenantId: string,
    configuration: KmsConfiguration,
    signal: AbortSignal,
  ): Promise<MintedLease> {
    for (;;) {
      const lease = this.reserve(tenantId, configuration);
      if (lease !== undefined) return lease;
      await untilAborted(this.#flight(tenantId, configuration), signal);
    }
  }

  /** Asks the KMS about a lease that nobody used for a while, once for everybody who wants it. */
  confirm(key: HeldKey, configuration: KmsConfiguration): Promise<void> {
    const { opener } = this.#options;
    const drop = (withdrawn: HeldKey): void => this.drop(withdrawn);
    return this.#checks.run(key.name, () => opener.confirm(key, configuration, drop));
  }

  /** Wipes a lease, unless the tenant has another one by now. */
  drop(key: HeldKey): void {
    if (this.#leases.peek(key.tenantId)?.key === key) this.#leases.delete(key.tenantId);
    if (!this.#closed) this.#options.maker.withdraw(key);
    key.release();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { key } of Array.from(this.#leases.values())) this.drop(key);
    await Promise.all([this.#flights.settled(), this.#checks.settled()]);
  }

  #refreshBehind(
    tenantId: string,
    configuration: KmsConfiguration,
    lease: MintedLease,
    now: number,
  ): void {
    if (now < lease.retryAt) return;
    lease.retryAt = now + lease.retryMs;
    this.#flight(tenantId, configuration).catch((error: unknown) => {
      this.#options.onRefreshFailed(configuration.id, error);
    });
  }

  #flight(tenantId: string, configuration: KmsConfiguration): Promise<void> {
    const name = `${configuration.id}/${configuration.fingerprint}/${tenantId}`;
    return this.#flights.run(name, () => this.#renew(tenantId, configuration));
  }

  async #renew(tenantId: string, configuration: KmsConfiguration): Promise<void> {
    if (this.#closed) throw stopping();
    const current = this.#leases.peek(tenantId);
    try {
      if (current !== undefined && this.#awaitsCheck(current, configuration)) {
        await this.confirm(current.key, configuration);
        return;
      }
      const replaces = current !== undefined && isOf(current, configuration);
      const replaced = replaces ? current.key.leaseId : 0;
      const lease = await this.#options.maker.make(tenantId, configuration, replaced);
      if (this.#closed) lease.key.release();
      else this.#leases.set(tenantId, lease);
    } catch (error) {
      const withdrawn = current !== undefined && isOf(current, configuration);
      if (withdrawn && withdrawsKey(error)) this.drop(current.key);
      throw error;
    }
  }

  #awaitsCheck(lease: MintedLease, configuration: KmsConfiguration): boolean {
    const usable = lease.wraps < lease.maxWraps && this.#options.now() < lease.key.expiresAt;
    return usable && !lease.key.verified && isOf(lease, configuration);
  }
}
