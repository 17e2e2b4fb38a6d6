import { hash, timingSafeEqual } from "node:crypto";
import { bindingText } from "../edek/binding.ts";
import { bindingMismatch } from "../edek/denied-edek.ts";
import { decodeWrappedKey } from "../edek/codec.ts";
import { KEY_BYTES } from "../edek/edek.ts";
import { checkPayload } from "../edek/payload.ts";
import type { KmsConfiguration } from "../tenants/tenant.ts";
import { HeldKey, type KeyVault } from "./held-key.ts";
import type { ExchangedKey, KeyExchange, MadeKey } from "./key-exchange.ts";
import type { KmsPool } from "./kms-pool.ts";
import type { KeyCounter, KeyOperation } from "./ports.ts";
import { withdrawsKey } from "./refusal.ts";

/** A key that a KMS holds the lock of. */
export interface WrappedTarget {
  /** Under which it is kept once it is open. */
  readonly name: string;
  readonly tenantId: string;
  /** 0 for a tenant secret. */
  readonly leaseId: number;
  /** The configuration that `wrapped` names. */
  readonly configuration: KmsConfiguration;
  /** A serialized, unleased `EncryptedDeks`. */
  readonly wrapped: Buffer;
}

export interface KeyOpenerOptions {
  readonly kms: KmsPool;
  readonly vault: KeyVault;
  readonly counter: KeyCounter;
  readonly operation: Extract<KeyOperation, "lease_unwrap" | "secret_unwrap">;
  readonly maxAgeMs: number;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Told for each key in memory that its KMS does not open any more. */
  readonly onWithdrawn: (configurationId: number, error: unknown) => void;
  /** Told for each key in memory whose configuration has changed or gone. */
  readonly onOutdated: (configurationId: number) => void;
  /** Left out: no other process opens the same keys. */
  readonly exchange?: KeyExchange | undefined;
}

/** How long a use waits for a KMS to confirm a key that is in memory. */
const CONFIRM_MS = 1_000;

/** Asks a KMS for keys that are to be held, and asks again whether they may still be. */
export class KeyOpener {
  readonly #options: KeyOpenerOptions;

  constructor(options: KeyOpenerOptions) {
    this.#options = options;
  }

  /**
   * One KMS call, or none when another process just made it.
   * @throws ProxyError 203, 205 to 210
   */
  async open(target: WrappedTarget): Promise<HeldKey> {
    const { exchange, operation } = this.#options;
    if (exchange === undefined) return this.#open(target);
    return exchange.opened(
      sharedName(operation, target),
      async () => this.#forOthers(await this.#open(target)),
      (key) => this.#adopt(key, target),
    );
  }

  async #open(target: WrappedTarget): Promise<HeldKey> {
    const startedAt = this.#options.now();
    const { payload, bound } = await this.#unwrap(target);
    return this.#held(target, this.#keep(payload), bound, startedAt);
  }

  #forOthers(key: HeldKey): MadeKey<HeldKey> {
    const { now, maxAgeMs } = this.#options;
    const { expiresAt, leaseId, wrapped, bound } = key;
    const ageMs = now() - (expiresAt - maxAgeMs);
    return {
      made: key,
      copy: () => ({ key: Buffer.from(key.bytes), leaseId, wrapped, bound, verified: true, ageMs }),
    };
  }

  #adopt({ key, bound, verified, ageMs }: ExchangedKey, target: WrappedTarget): HeldKey {
    const slot = this.#options.vault.memory.acquire();
    key.copy(slot);
    const held = this.#held(target, slot, bound, this.#options.now() - ageMs);
    held.verified = verified;
    return held;
  }

  #held(target: WrappedTarget, slot: Buffer, bound: boolean, openedAt: number): HeldKey {
    const { vault, maxAgeMs } = this.#options;
    const { name, configuration, leaseId, tenantId } = target;
    return new HeldKey({
      name,
      tenantId,
      leaseId,
      configurationId: configuration.id,
      fingerprint: configuration.fingerprint,
      wrapped: ownCopy(target.wrapped),
      bound,
      expiresAt: openedAt + maxAgeMs,
      slot,
      vault,
    });
  }

  /**
   * One KMS call about a key in memory. A refusal wipes it through `drop` and is given back; a KMS
   * that cannot be asked takes nothing away. Never rejects.
   */
  async check(
    key: HeldKey,
    configuration: KmsConfiguration,
    drop: (key: HeldKey) => void,
  ): Promise<unknown> {
    try {
      await this.#verify(key, configuration);
      return undefined;
    } catch (error) {
      if (!withdrawsKey(error)) return undefined;
      drop(key);
      this.#options.onWithdrawn(configuration.id, error);
      return error;
    }
  }

  /** The snapshot does not stand for a key any more: wipes it through `drop`. */
  outdated(key: HeldKey, drop: (key: HeldKey) => void): void {
    drop(key);
    this.#options.onOutdated(key.configurationId);
  }

  /**
   * As `check`, before a key is used that nobody asked about for a while. A KMS that takes long decides
   * when it answers; until then the key is used, as if the KMS were unreachable.
   * @throws ProxyError of the refusal
   */
  async confirm(
    key: HeldKey,
    configuration: KmsConfiguration,
    drop: (key: HeldKey) => void,
  ): Promise<void> {
    const soon = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => soon.resolve(undefined), CONFIRM_MS);
    try {
      const refusal = await Promise.race([this.check(key, configuration, drop), soon.promise]);
      if (refusal !== undefined) throw refusal;
    } finally {
      clearTimeout(timer);
    }
    key.verified = true;
    key.used = true;
  }

  async #verify(key: HeldKey, configuration: KmsConfiguration): Promise<void> {
    const { name, tenantId, leaseId, wrapped } = key;
    const { payload } = await this.#unwrap({ name, tenantId, leaseId, configuration, wrapped });
    try {
      const same = key.released || timingSafeEqual(payload.subarray(0, KEY_BYTES), key.bytes);
      if (!same) throw bindingMismatch();
    } finally {
      payload.fill(0);
    }
    key.verified = true;
  }

  /** Moves the key out of a payload into locked memory. */
  #keep(payload: Buffer): Buffer {
    try {
      const slot = this.#options.vault.memory.acquire();
      payload.copy(slot, 0, 0, KEY_BYTES);
      return slot;
    } finally {
      payload.fill(0);
    }
  }

  async #unwrap(target: WrappedTarget): Promise<{ payload: Buffer; bound: boolean }> {
    const { kms, counter, operation } = this.#options;
    const { data, kmsConfigId } = decodeWrappedKey(target.wrapped);
    const payload = await kms.unwrap(target.configuration, data);
    try {
      const binding = bindingText(target.tenantId, kmsConfigId, target.leaseId);
      const bound = checkPayload(payload, binding);
      counter.count(operation);
      return { payload, bound };
    } catch (error) {
      payload.fill(0);
      throw error;
    }
  }
}

/** What came in shares the memory of other things, and would keep all of that for a day. */
function ownCopy(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

function sharedName(operation: string, target: WrappedTarget): string {
  const { configuration, leaseId, tenantId, wrapped } = target;
  const digest = hash("sha256", wrapped, "base64");
  return `${operation}/${configuration.id}/${configuration.fingerprint}/${leaseId}/${digest}/${tenantId}`;
}
