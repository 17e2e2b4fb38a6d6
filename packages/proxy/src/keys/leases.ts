import type { Edek, EdekLease } from "../edek/edek.ts";
import type { Snapshot } from "../tenants/source.ts";
import type { KmsConfiguration, KmsType } from "../tenants/tenant.ts";
import type { HeldKey, KeyVault } from "./held-key.ts";
import { HeldKeys } from "./held-keys.ts";
import type { LeaseMaker, MintedLease } from "./lease-maker.ts";
import { isOf, LeaseMint } from "./lease-mint.ts";
import { leaseName } from "./lease-name.ts";
import type { KeyOpener } from "./open-key.ts";
import type { KeyCounter } from "./ports.ts";
import { NO_ROW } from "./ready/lease-rows.ts";
import type { ReadyLeases } from "./ready/ready-leases.ts";
import { recheckKeys, type RecheckSummary } from "./recheck.ts";
import { untilAborted } from "./single-flight.ts";

export interface LeasesOptions {
  readonly vault: KeyVault;
  readonly maker: LeaseMaker;
  readonly counter: KeyCounter;
  /** Counts `lease_unwrap`. */
  readonly opener: KeyOpener;
  readonly ready: ReadyLeases;
  /** Tenants whose own lease is kept for wrapping. */
  readonly maxMinted: number;
  /** Leases kept that only unwrap: those of other proxies and earlier ones of our own. */
  readonly maxOpened: number;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  readonly onRefreshFailed: (configurationId: number, error: unknown) => void;
}

export interface LeasesStats {
  readonly minted: number;
  readonly opened: number;
}

/**
 * From this part of all leases on, each use is a look at the lease itself, so that it is known which
 * of them were used least recently.
 */
const CROWDED = 7 / 8;

/** All leased keys of this process: those it wraps with and those it only opens. */
export class Leases {
  readonly #options: LeasesOptions;
  readonly #mint: LeaseMint;
  readonly #opened: HeldKeys;

  constructor(options: LeasesOptions) {
    const { maker, opener, maxMinted, maxOpened, now, onRefreshFailed } = options;
    this.#options = options;
    this.#opened = new HeldKeys({ opener, max: maxOpened, now });
    this.#mint = new LeaseMint({
      maker,
      opener,
      max: maxMinted,
      now,
      onRefreshFailed,
      onEnd: (key) => options.ready.forget(key),
      retire: (key) => this.#retire(key),
    });
  }

  get stats(): LeasesStats {
    const { size: minted } = this.#mint;
    return { minted, opened: this.#opened.size };
  }

  /**
   * What a tenant's next wrap and unwrap needs, if all of it is known: the number of a row for
   * `seal` and `openReady` before the next `await`, or `NO_ROW`.
   */
  ready(snapshot: Snapshot, tenantId: string): number {
    const { ready, maxMinted } = this.#options;
    return this.#mint.size > maxMinted * CROWDED ? NO_ROW : ready.find(snapshot, tenantId);
  }

  /** @throws as {@link ReadyLeases.open} */
  openReady(row: number, edek: Edek): Buffer | undefined {
    const dek = this.#options.ready.open(row, edek);
    if (dek !== undefined) this.#options.counter.lookedUp("hit");
    return dek;
  }

  /** Of the configuration with which the tenant of a lease of `ready` wraps. */
  readyType(row: number): KmsType {
    return this.#options.ready.typeOf(row);
  }

  /** Makes the lease that this configuration, the tenant's primary, wraps with one of `ready`. */
  remember(snapshot: Snapshot, tenantId: string, configuration: KmsConfiguration): void {
    const lease = this.#mint.peek(tenantId);
    if (lease === undefined || !isOf(lease, configuration) || !lease.key.verified) return;
    this.#options.ready.put(snapshot, lease, configuration.type);
  }

  /** See {@link LeaseMint.reserve}. */
  reserve(tenantId: string, configuration: KmsConfiguration): MintedLease | undefined {
    return this.#mint.reserve(tenantId, configuration);
  }

  /** See {@link LeaseMint.reserveNext}. */
  reserveNext(
    tenantId: string,
    configuration: KmsConfiguration,
    signal: AbortSignal,
  ): Promise<MintedLease> {
    return this.#mint.reserveNext(tenantId, configuration, signal);
  }

  /**
   * The serialized `EncryptedDeks` of a DEK under a lease of `reserve` or a row of `ready`; right
   * after one of them, before the next `await`.
   */
  seal(lease: MintedLease | number, dek: Buffer): Buffer {
    const { maker, ready } = this.#options;
    return typeof lease === "number" ? ready.seal(lease, dek) : maker.seal(lease, dek);
  }

  /** The key of an EDEK's lease if it is in memory and came from the very bytes of this EDEK. */
  find(tenantId: string, lease: EdekLease): HeldKey | undefined {
    const key = this.#own(tenantId, lease) ?? this.#foreign(tenantId, lease);
    this.#options.counter.lookedUp(key === undefined ? "miss" : "hit");
    return key;
  }

  /**
   * Opens an EDEK's lease with the KMS of the configuration that its field 5 names.
   * @throws ProxyError 203, 205 to 210
   */
  async open(
    tenantId: string,
    lease: EdekLease,
    configuration: KmsConfiguration,
    signal: AbortSignal,
  ): Promise<HeldKey> {
    const own = this.#ownOf(tenantId, lease);
    if (own?.fingerprint === configuration.fingerprint) {
      if (!own.verified) await untilAborted(this.#mint.confirm(own, configuration), signal);
      if (!own.released) return own;
    }
    const { id: leaseId, wrappedKey: wrapped } = lease;
    const name = leaseName(tenantId, leaseId);
    return this.#opened.open({ name, tenantId, leaseId, configuration, wrapped }, signal);
  }

  /** Asks for every lease in use whether it may still be. Never rejects. */
  recheck(snapshot: Snapshot): Promise<RecheckSummary> {
    const { vault, opener, ready, now } = this.#options;
    const drop = (key: HeldKey): void => this.#drop(key);
    const onStay = (key: HeldKey): void => ready.forget(key);
    ready.enter(snapshot);
    return recheckKeys(snapshot, { keys: vault.keys, drop, opener, onStay, now });
  }

  /** Wipes every lease that is past its age, used or not. */
  sweep(): void {
    const now = this.#options.now();
    for (const key of this.#options.vault.keys) {
      if (now >= key.expiresAt) this.#drop(key);
    }
  }

  /** Wipes every lease; resolves when nothing can bring one back. */
  async close(): Promise<void> {
    await Promise.all([this.#mint.close(), this.#opened.close()]);
  }

  #own(tenantId: string, lease: EdekLease): HeldKey | undefined {
    const key = this.#ownOf(tenantId, lease);
    if (key === undefined || !key.verified) return undefined;
    key.used = true;
    return key;
  }

  #ownOf(tenantId: string, { id, wrappedKey }: EdekLease): HeldKey | undefined {
    const key = this.#mint.peek(tenantId)?.key;
    const same = key?.leaseId === id && key.wrapped.equals(wrappedKey);
    return same && this.#options.now() < key.expiresAt ? key : undefined;
  }

  #foreign(tenantId: string, { id, wrappedKey }: EdekLease): HeldKey | undefined {
    return this.#opened.find(leaseName(tenantId, id), wrappedKey);
  }

  #retire(key: HeldKey): void {
    if (this.#options.now() >= key.expiresAt) key.release();
    else this.#opened.adopt(key);
  }

  #drop(key: HeldKey): void {
    this.#mint.drop(key);
    this.#opened.drop(key);
  }
}
