import { decodeEdek } from "../edek/codec.ts";
import { type Edek, KEY_BYTES } from "../edek/edek.ts";
import { ProxyError } from "../errors.ts";
import { hasPrimary, primaryOf } from "../tenants/select.ts";
import type { SecretKey, SecretStore, Snapshot, StoredSecret } from "../tenants/source.ts";
import type { KmsConfiguration, Tenant } from "../tenants/tenant.ts";
import { namedConfiguration } from "./configuration.ts";
import type { HeldKey, KeyVault } from "./held-key.ts";
import { HeldKeys } from "./held-keys.ts";
import type { KeyOpener } from "./open-key.ts";
import { isLeased, openEdek, type OpeningContext } from "./open-edek.ts";
import type { KeyCounter } from "./ports.ts";
import type { RandomPool } from "./random-pool.ts";
import { recheckKeys, type RecheckSummary } from "./recheck.ts";
import { type KmsSealing, sealWithKms } from "./seal-key.ts";
import { SingleFlight, untilAborted } from "./single-flight.ts";

export interface SecretsOptions {
  readonly store: SecretStore;
  readonly vault: KeyVault;
  /** Counts `secret_unwrap`. */
  readonly opener: KeyOpener;
  readonly counter: KeyCounter;
  readonly random: RandomPool;
  readonly sealing: KmsSealing;
  readonly opening: OpeningContext;
  /** Unwrapped secrets kept; the least recently used one is wiped. */
  readonly max: number;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

/** A tenant and its call's deadline. */
export interface SecretReader {
  readonly tenant: Tenant;
  readonly signal: AbortSignal;
}

/** Tenant secrets: found or made in the store, opened by the tenant's KMS, kept for the next use. */
export class Secrets {
  readonly #options: SecretsOptions;
  readonly #held: HeldKeys;
  readonly #creating = new SingleFlight<StoredSecret>();

  constructor(options: SecretsOptions) {
    const { opener, max, now } = options;
    this.#options = options;
    this.#held = new HeldKeys({ opener, max, now });
  }

  get size(): number {
    return this.#held.size;
  }

  /**
   * The secrets of a path that may be used, the current one first. One that was never there is made
   * and stored, as long as the tenant can wrap.
   * @throws ProxyError 401 when it cannot be made
   */
  async find({ tenant, signal }: SecretReader, key: SecretKey): Promise<readonly StoredSecret[]> {
    const stored = await untilAborted(this.#options.store.find(key), signal);
    if (stored.some(isCurrent)) return stored;
    // Without a primary nothing new can be made, and what is there still derives.
    if (stored.length > 0 && !hasPrimary(tenant)) return stored;
    const name = JSON.stringify([key.tenantId, key.secretType, key.secretPath]);
    const creating = this.#creating.run(name, () => this.#create(tenant, key));
    const current = await untilAborted(creating, signal);
    if (stored.length === 0) return [current];
    // The store knows from when on the new one is used.
    return untilAborted(this.#options.store.find(key), signal);
  }

  /**
   * A copy of the 32-byte secret, which the caller wipes.
   * @throws ProxyError 202, 203, 205 to 210
   */
  async read({ tenant, signal }: SecretReader, secret: StoredSecret): Promise<Buffer> {
    const wrapped = bufferOf(secret.encryptedSecret);
    const edek = decodeStored(secret, wrapped);
    if (isLeased(edek)) return this.#readLeased({ tenant, signal }, edek);
    const configuration = namedConfiguration(tenant, edek.kmsConfigId);
    const name = secretName(secret);
    const held = this.#held.find(name, wrapped);
    if (held?.fingerprint === configuration.fingerprint) return Buffer.from(held.bytes);
    const target = { name, tenantId: tenant.id, leaseId: 0, configuration, wrapped };
    const key = await this.#held.open(target, signal);
    return Buffer.from(key.bytes);
  }

  /** Asks for every secret in use whether it may still be. Never rejects. */
  recheck(snapshot: Snapshot): Promise<RecheckSummary> {
    const { vault, opener, now } = this.#options;
    const drop = (key: HeldKey): void => this.#held.drop(key);
    return recheckKeys(snapshot, { keys: vault.keys, drop, opener, now });
  }

  /** Wipes every secret that is past its age, used or not. */
  sweep(): void {
    const now = this.#options.now();
    for (const key of this.#options.vault.keys) {
      if (now >= key.expiresAt) this.#held.drop(key);
    }
  }

  async close(): Promise<void> {
    await this.#creating.settled();
    await this.#held.close();
  }

  /** Secrets that came from the original may be leased; ours never are. */
  async #readLeased({ tenant, signal }: SecretReader, edek: Edek): Promise<Buffer> {
    const { opening, counter } = this.#options;
    const secret = await openEdek(opening, tenant, edek, { signal });
    counter.count("secret_unwrap");
    return secret;
  }

  async #create(tenant: Tenant, key: SecretKey): Promise<StoredSecret> {
    const { store, counter, random, sealing } = this.#options;
    const secret = Buffer.allocUnsafeSlow(KEY_BYTES);
    try {
      const configuration: KmsConfiguration = primaryOf(tenant);
      random.fill(secret);
      const wrapped = await sealWithKms(sealing, tenant.id, configuration, secret);
      counter.count("secret_wrap");
      return await store.create(key, wrapped);
    } catch (cause) {
      throw creationFailed(cause);
    } finally {
      secret.fill(0);
    }
  }
}

function isCurrent({ rotationStatus }: StoredSecret): boolean {
  return rotationStatus === "current";
}

function secretName({ id, tenantId }: StoredSecret): string {
  return `${id}/${tenantId}`;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function decodeStored({ id }: StoredSecret, wrapped: Buffer): Edek {
  try {
    return decodeEdek(wrapped);
  } catch (cause) {
    const message = `Tenant secret ${id} is stored in a form that cannot be read`;
    throw new ProxyError("INVALID_PROVIDED_EDEK", message, { cause });
  }
}

function creationFailed(cause: unknown): ProxyError {
  const reason = ProxyError.from(cause);
  const why = reason.status === "UNKNOWN_ERROR" ? "it could not be stored" : reason.message;
  return new ProxyError(
    "SECRET_CREATION_FAILED",
    `The tenant secret of a new path could not be created: ${why}`,
    { cause: reason },
  );
}
