import { randomInt } from "node:crypto";
import { bindingMismatch } from "../../edek/denied-edek.ts";
import { type Edek, KEY_BYTES, SEALED_KEY_BYTES } from "../../edek/edek.ts";
import { type LeaseCipher, leaseCipherOf } from "../../edek/lease-ciphers.ts";
import { hashOf } from "../../tenants/image/hash.ts";
import type { Snapshot } from "../../tenants/source.ts";
import { KMS_TYPES, type KmsType } from "../../tenants/tenant.ts";
import type { HeldKey } from "../held-key.ts";
import type { MintedLease } from "../lease-maker.ts";
import type { LeaseMemory } from "../lease-memory.ts";
import type { LeaseSealer } from "../lease-sealer.ts";
import { LeaseRows, MAX_TEXT_BYTES, NO_ROW, WORD } from "./lease-rows.ts";

export interface ReadyLeasesOptions {
  readonly memory: LeaseMemory;
  readonly sealer: LeaseSealer;
  /** What new EDEKs are sealed with. */
  readonly cipher: LeaseCipher;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

const ASCII = /^[\0-\u{7f}]*$/u;

/**
 * Leases of tenants whose next wrap needs no look at anything else: neither at their configuration,
 * nor at the lease's age, nor at objects that are strewn over the heap. What such a wrap needs is
 * side by side in memory, because with many tenants it is in no cache of the CPU:
 * docs/decisions/ready-leases.md. It is only a shortcut. Whoever finds no row goes the long way.
 */
export class ReadyLeases {
  readonly #memory: LeaseMemory;
  readonly #sealer: LeaseSealer;
  readonly #cipher: LeaseCipher;
  readonly #now: () => number;
  readonly #rows = new LeaseRows();
  /** Nobody can choose tenant ids that fall into one place. */
  readonly #seed = randomInt(2 ** 32);
  readonly #binding: Buffer = Buffer.alloc(MAX_TEXT_BYTES);
  /** Views of `#binding` by their length. */
  readonly #bindings: Buffer[] = [];
  #snapshot: Snapshot | undefined;
  #version = 0;

  constructor({ memory, sealer, cipher, now }: ReadyLeasesOptions) {
    this.#memory = memory;
    this.#sealer = sealer;
    this.#cipher = cipher;
    this.#now = now;
  }

  get size(): number {
    return this.#rows.size;
  }

  /** The row of a tenant that may wrap in this very turn of the event loop, or `NO_ROW`. */
  find(snapshot: Snapshot, tenantId: string): number {
    this.enter(snapshot);
    const row = this.#rowOf(tenantId);
    if (row === NO_ROW) return NO_ROW;
    const { words, doubles } = this.#rows.slabOf(row);
    const head = this.#rows.headOf(row);
    if (words[head + WORD.version] !== this.#version) return NO_ROW;
    return this.#now() < doubles[(head + WORD.until) >>> 1]! ? row : NO_ROW;
  }

  /** The serialized `EncryptedDeks` of a DEK. */
  seal(row: number, dek: Buffer): Buffer {
    const { bytes, words } = this.#rows.slabOf(row);
    const head = this.#rows.headOf(row);
    const binding = this.#bindingOf(row);
    const { sealed, iv } = this.#sealer;
    try {
      this.#sealer.seal(this.#memory.lend(words[head + WORD.place]!), dek, binding);
    } finally {
      this.#memory.takeBack();
    }
    const from = this.#rows.textOf(row) + binding.length;
    const length = words[head + WORD.edekLength]!;
    const edek = Buffer.allocUnsafe(length);
    bytes.copy(edek, 0, from, from + length);
    sealed.copy(edek, words[head + WORD.sealedAt]);
    iv.copy(edek, words[head + WORD.ivAt]);
    return edek;
  }

  /**
   * The 32-byte DEK of an EDEK that this lease sealed, undefined when it is of another one.
   * @throws DeniedEdek 203 when it is not authentic
   */
  open(row: number, { data, kmsConfigId, lease }: Edek): Buffer | undefined {
    if (lease === undefined || data.length !== SEALED_KEY_BYTES) return undefined;
    const { words } = this.#rows.slabOf(row);
    const head = this.#rows.headOf(row);
    if (words[head + WORD.leaseId] !== lease.id) return undefined;
    if (words[head + WORD.configurationId] !== kmsConfigId) return undefined;
    if (leaseCipherOf(lease.iv) !== this.#cipher || !this.#isWrappedBy(row, lease.wrappedKey)) {
      return undefined;
    }
    const dek = Buffer.allocUnsafe(KEY_BYTES);
    const binding = this.#bindingOf(row);
    try {
      const key = this.#memory.lend(words[head + WORD.place]!);
      if (!this.#cipher.open(dek, key, data, lease.iv, binding)) throw bindingMismatch();
    } finally {
      this.#memory.takeBack();
    }
    return dek;
  }

  /** Of the configuration that the tenant wraps with. */
  typeOf(row: number): KmsType {
    const { words } = this.#rows.slabOf(row);
    return KMS_TYPES[words[this.#rows.headOf(row) + WORD.type]!]!;
  }

  /**
   * From now on the tenant of a lease is found here. The caller has looked at everything that a wrap
   * depends on, with this snapshot; ids and EDEKs that do not fit go the long way for ever.
   */
  put(snapshot: Snapshot, { key, template, refreshAt }: MintedLease, type: KmsType): void {
    const { tenantId, binding, leaseId, configurationId } = key;
    const { bytes: edek, sealedAt, ivAt, wrappedAt } = template;
    // Ciphers with a limit count their wraps. A snapshot that has gone says nothing any more.
    if (this.#cipher.limited || snapshot !== this.#snapshot || !ASCII.test(tenantId)) return;
    if (binding.length + edek.length > MAX_TEXT_BYTES) return;
    const row = this.#rows.take(tenantId, hashOf(tenantId, this.#seed));
    const { bytes, words, doubles } = this.#rows.slabOf(row);
    const head = this.#rows.headOf(row);
    words[head + WORD.version] = this.#version;
    words[head + WORD.leaseId] = leaseId;
    words[head + WORD.configurationId] = configurationId;
    words[head + WORD.type] = KMS_TYPES.indexOf(type);
    words[head + WORD.place] = this.#memory.placeOf(key.bytes);
    words[head + WORD.bindingLength] = binding.length;
    words[head + WORD.edekLength] = edek.length;
    words[head + WORD.sealedAt] = sealedAt;
    words[head + WORD.ivAt] = ivAt;
    words[head + WORD.wrappedAt] = wrappedAt;
    doubles[(head + WORD.until) >>> 1] = Math.min(refreshAt, key.expiresAt);
    const text = this.#rows.textOf(row);
    binding.copy(bytes, text);
    edek.copy(bytes, text + binding.length);
  }

  /** A lease has ended, or somebody is to look at it again before it is used. */
  forget({ tenantId, leaseId }: Pick<HeldKey, "tenantId" | "leaseId">): void {
    const row = this.#rowOf(tenantId);
    if (row === NO_ROW) return;
    const { words } = this.#rows.slabOf(row);
    if (words[this.#rows.headOf(row) + WORD.leaseId] === leaseId) this.#rows.drop(row);
  }

  /** Rows of another snapshot than this one are not found any more. */
  enter(snapshot: Snapshot): void {
    if (snapshot === this.#snapshot) return;
    this.#snapshot = snapshot;
    this.#version += 1;
  }

  #rowOf(tenantId: string): number {
    // Nobody makes us hash a megabyte.
    if (tenantId.length > MAX_TEXT_BYTES) return NO_ROW;
    return this.#rows.find(tenantId, hashOf(tenantId, this.#seed));
  }

  #bindingOf(row: number): Buffer {
    const { bytes, words } = this.#rows.slabOf(row);
    const length = words[this.#rows.headOf(row) + WORD.bindingLength]!;
    const binding = (this.#bindings[length] ??= this.#binding.subarray(0, length));
    const from = this.#rows.textOf(row);
    for (let at = 0; at < length; at += 1) binding[at] = bytes[from + at]!;
    return binding;
  }

  #isWrappedBy(row: number, wrappedKey: Buffer): boolean {
    const { bytes, words } = this.#rows.slabOf(row);
    const head = this.#rows.headOf(row);
    const edekAt = this.#rows.textOf(row) + words[head + WORD.bindingLength]!;
    const from = edekAt + words[head + WORD.wrappedAt]!;
    const to = edekAt + words[head + WORD.edekLength]!;
    return wrappedKey.length === to - from && wrappedKey.compare(bytes, from, to) === 0;
  }
}
