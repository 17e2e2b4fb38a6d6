import { bindingText } from "../edek/binding.ts";
import { ProxyError } from "../errors.ts";
import type { LeaseMemory } from "./lease-memory.ts";

export interface HeldKeyOptions {
  /** Under which a cache keeps it. */
  readonly name: string;
  readonly tenantId: string;
  /** 0 for a tenant secret. */
  readonly leaseId: number;
  readonly configurationId: number;
  /** Of the configuration whose KMS wrapped it. */
  readonly fingerprint: string;
  /** The serialized `EncryptedDeks` it came from. */
  readonly wrapped: Buffer;
  /** Whether the KMS payload carried the tag of the binding. */
  readonly bound: boolean;
  /** Of the process's monotonic clock, in milliseconds. */
  readonly expiresAt: number;
  /** A place of `memory` with the key in it; owned by the new object. */
  readonly slot: Buffer;
  readonly vault: KeyVault;
}

/** Where keys of one kind live: the memory they are in, and all of them that are not yet wiped. */
export interface KeyVault {
  readonly memory: LeaseMemory;
  readonly keys: Set<HeldKey>;
}

/** A lease key or tenant secret in the clear, with everything that says where it may be used. */
export class HeldKey {
  readonly name: string;
  readonly tenantId: string;
  readonly leaseId: number;
  readonly configurationId: number;
  readonly fingerprint: string;
  readonly wrapped: Buffer;
  readonly bound: boolean;
  readonly expiresAt: number;
  /** The binding text: additional data of everything sealed under a bound lease. */
  readonly binding: Buffer;
  /** Since the last check with the KMS. */
  used = true;
  /** False after a refresh during which nobody used it: its KMS is asked before the next use. */
  verified = true;
  readonly #vault: KeyVault;
  #slot: Buffer | undefined;

  constructor(options: HeldKeyOptions) {
    this.name = options.name;
    this.tenantId = options.tenantId;
    this.leaseId = options.leaseId;
    this.configurationId = options.configurationId;
    this.fingerprint = options.fingerprint;
    this.wrapped = options.wrapped;
    this.bound = options.bound;
    this.expiresAt = options.expiresAt;
    this.binding = bindingText(options.tenantId, options.configurationId, options.leaseId);
    this.#vault = options.vault;
    this.#slot = options.slot;
    this.#vault.keys.add(this);
  }

  get released(): boolean {
    return this.#slot === undefined;
  }

  /**
   * The key itself. Use it before the next `await`: it may be wiped at any turn of the event loop.
   * @throws ProxyError 208 once it was released
   */
  get bytes(): Buffer {
    if (this.#slot === undefined) {
      throw new ProxyError("KMS_UNREACHABLE", "The leased key was just withdrawn. Try again.");
    }
    return this.#slot;
  }

  /** Wipes the key. Idempotent. */
  release(): void {
    if (this.#slot === undefined) return;
    this.#vault.memory.release(this.#slot);
    this.#vault.keys.delete(this);
    this.#slot = undefined;
  }
}
