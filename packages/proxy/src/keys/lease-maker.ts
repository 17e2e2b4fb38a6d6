import { bindingText } from "../edek/binding.ts";
import { KEY_BYTES } from "../edek/edek.ts";
import type { LeaseCipher } from "../edek/lease-ciphers.ts";
import { LeasedTemplate } from "../edek/leased-template.ts";
import { sealPayload } from "../edek/payload.ts";
import type { KmsConfiguration } from "../tenants/tenant.ts";
import { HeldKey, type KeyVault } from "./held-key.ts";
import type { ExchangedKey, KeyExchange, MadeKey } from "./key-exchange.ts";
import { encodeKmsEdek } from "./kms-edek.ts";
import type { KmsPool } from "./kms-pool.ts";
import { leaseName } from "./lease-name.ts";
import type { LeaseSealer } from "./lease-sealer.ts";
import type { KeyCounter } from "./ports.ts";
import type { RandomPool } from "./random-pool.ts";

/** A lease that this process made and that may therefore wrap. */
export interface MintedLease {
  readonly key: HeldKey;
  readonly template: LeasedTemplate;
  readonly maxWraps: number;
  /** From this many wraps on, the next lease is made in the background. */
  readonly refreshWraps: number;
  /** As `refreshWraps`, by the clock. */
  readonly refreshAt: number;
  /** How long to wait before a failed refresh is tried again, in milliseconds. */
  readonly retryMs: number;
  wraps: number;
  retryAt: number;
}

export interface LeaseMakerOptions {
  readonly kms: KmsPool;
  readonly vault: KeyVault;
  readonly random: RandomPool;
  readonly counter: KeyCounter;
  /** What new EDEKs are sealed with. */
  readonly cipher: LeaseCipher;
  readonly sealer: LeaseSealer;
  readonly maxAgeMs: number;
  /** Only counts for ciphers whose nonces are short, and never exceeds what is safe for these. */
  readonly maxWraps: number;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Left out: this process wraps with leases of its own alone. */
  readonly exchange?: KeyExchange | undefined;
}

/** Half the birthday bound of 12-byte random nonces, with a wide margin: architecture 6. */
const MAX_SHORT_NONCE_WRAPS = 2 ** 30;

const REFRESH_AT_WRAPS = 0.9;

/** Between these parts of its life a lease is replaced; spread, so that not all of them are at once. */
const REFRESH_AGE = { from: 0.8, to: 0.9 };

const MAX_RETRY_MS = 60_000;

/** Makes leases and seals with them. */
export class LeaseMaker {
  readonly #options: LeaseMakerOptions;
  readonly #maxWraps: number;
  readonly #exchange: KeyExchange | undefined;

  constructor(options: LeaseMakerOptions) {
    const { cipher, exchange, maxWraps } = options;
    this.#options = options;
    const limit = cipher.limited ? Math.min(maxWraps, MAX_SHORT_NONCE_WRAPS) : Infinity;
    const shared = exchange && Math.floor(limit * exchange.share);
    // A lease that is spent after fewer wraps than there are processes is nothing to share.
    this.#exchange = shared === 0 ? undefined : exchange;
    this.#maxWraps = shared || limit;
  }

  /**
   * One KMS call, or none when another process made the lease that follows the one with the id
   * `replaces`; 0 replaces none.
   * @throws ProxyError 204, 206 to 210
   */
  async make(
    tenantId: string,
    configuration: KmsConfiguration,
    replaces = 0,
  ): Promise<MintedLease> {
    if (this.#exchange === undefined) return this.#mint(tenantId, configuration);
    return this.#exchange.lease(
      sharedName(tenantId, configuration.id, configuration.fingerprint),
      replaces,
      async () => this.#forOthers(await this.#mint(tenantId, configuration)),
      (key) => this.#adopt(key, tenantId, configuration),
    );
  }

  /** No process may begin to wrap with this lease any more. */
  withdraw({ tenantId, configurationId, fingerprint, leaseId }: HeldKey): void {
    this.#exchange?.withdraw(sharedName(tenantId, configurationId, fingerprint), leaseId);
  }

  #forOthers(lease: MintedLease): MadeKey<MintedLease> {
    const { maxAgeMs, now } = this.#options;
    const { expiresAt, leaseId, wrapped, bound } = lease.key;
    return {
      made: lease,
      copy: () => ({
        key: Buffer.from(lease.key.bytes),
        leaseId,
        wrapped,
        bound,
        verified: true,
        ageMs: now() - (expiresAt - maxAgeMs),
      }),
    };
  }

  #adopt(
    { key, leaseId, wrapped, verified, ageMs }: ExchangedKey,
    tenantId: string,
    configuration: KmsConfiguration,
  ): MintedLease {
    const slot = this.#options.vault.memory.acquire();
    key.copy(slot);
    const mintedAt = this.#options.now() - ageMs;
    const lease = this.#lease({ tenantId, configuration, leaseId, slot, wrapped, mintedAt });
    lease.key.verified = verified;
    return lease;
  }

  async #mint(tenantId: string, configuration: KmsConfiguration): Promise<MintedLease> {
    const { random, now } = this.#options;
    const { memory } = this.#options.vault;
    const mintedAt = now();
    const leaseId = random.leaseId();
    const slot = memory.acquire();
    try {
      random.fill(slot);
      const wrapped = await this.#wrap(slot, tenantId, configuration, leaseId);
      return this.#lease({ tenantId, configuration, leaseId, slot, wrapped, mintedAt });
    } catch (error) {
      memory.release(slot);
      throw error;
    }
  }

  /** The serialized `EncryptedDeks` of a DEK under a lease of `reserve`. */
  seal(lease: MintedLease, dek: Buffer): Buffer {
    const { sealer } = this.#options;
    sealer.seal(lease.key.bytes, dek, lease.key.binding);
    return lease.template.fill(sealer.sealed, sealer.iv);
  }

  async #wrap(
    key: Buffer,
    tenantId: string,
    configuration: KmsConfiguration,
    leaseId: number,
  ): Promise<Buffer> {
    const { kms, counter, cipher } = this.#options;
    const binding = bindingText(tenantId, configuration.id, leaseId);
    const payload = sealPayload(key.subarray(0, KEY_BYTES), cipher.bound ? binding : undefined);
    try {
      const data = await kms.wrap(configuration, payload);
      counter.count("lease_wrap");
      return encodeKmsEdek(data, configuration.id);
    } finally {
      payload.fill(0);
    }
  }

  #lease(made: {
    readonly tenantId: string;
    readonly configuration: KmsConfiguration;
    readonly leaseId: number;
    readonly slot: Buffer;
    readonly wrapped: Buffer;
    readonly mintedAt: number;
  }): MintedLease {
    const { cipher, maxAgeMs, vault } = this.#options;
    const { tenantId, leaseId, slot, mintedAt } = made;
    const { id: kmsConfigId, fingerprint } = made.configuration;
    const { ivBytes, bound } = cipher;
    const template = new LeasedTemplate({
      kmsConfigId,
      leaseId,
      wrappedKey: made.wrapped,
      ivBytes,
    });
    const key = new HeldKey({
      name: leaseName(tenantId, leaseId),
      tenantId,
      leaseId,
      configurationId: kmsConfigId,
      fingerprint,
      wrapped: template.wrappedKey,
      bound,
      expiresAt: mintedAt + maxAgeMs,
      slot,
      vault,
    });
    const part = REFRESH_AGE.from + (REFRESH_AGE.to - REFRESH_AGE.from) * Math.random();
    return {
      key,
      template,
      maxWraps: this.#maxWraps,
      refreshWraps: Math.max(1, Math.floor(this.#maxWraps * REFRESH_AT_WRAPS)),
      refreshAt: mintedAt + maxAgeMs * part,
      retryMs: Math.min(maxAgeMs / 20, MAX_RETRY_MS),
      wraps: 0,
      retryAt: mintedAt,
    };
  }
}

/** The same in every process; a configuration that changed has another fingerprint. */
function sharedName(tenantId: string, configurationId: number, fingerprint: string): string {
  return `${configurationId}/${fingerprint}/${tenantId}`;
}
