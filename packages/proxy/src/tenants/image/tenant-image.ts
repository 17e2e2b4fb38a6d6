import { type KmsType, KMS_TYPES } from "../tenant.ts";
import { hashOf } from "./hash.ts";
import {
  CONFIGURATION_WORDS,
  FLAG,
  HEADER,
  HEADER_WORDS,
  MAGIC,
  type Sections,
  sectionsOf,
  TENANT_WORDS,
  TYPE_SHIFT,
} from "./layout.ts";

/** A tenant of an image, without its configurations. */
export interface TenantEntry {
  readonly id: string;
  readonly firstAssignment: number;
  /** Of assignments. */
  readonly count: number;
  readonly keyLeasingRequired: boolean;
}

export interface AssignmentEntry {
  readonly configuration: number;
  readonly active: boolean;
  readonly primary: boolean;
}

export type ConfigurationEntry =
  | { readonly usable: false; readonly id: number; readonly reason: string }
  | {
      readonly usable: true;
      readonly id: number;
      readonly type: KmsType;
      readonly leasingAllowed: boolean;
      readonly fingerprint: string;
    };

/** No such tenant or configuration. */
export const NONE = -1;

/** Reads what `writeImage` wrote. Everything is found by its index, and made when it is asked for. */
export class TenantImage {
  readonly bytes: Uint8Array;
  readonly seed: number;
  readonly tenants: number;
  readonly configurations: number;
  readonly unusable: number;
  readonly longestId: number;
  readonly #words: Uint32Array;
  readonly #text: Buffer;
  readonly #at: Sections;
  readonly #mask: number;

  /** @throws TypeError for bytes that are no image of this version */
  constructor(bytes: Uint8Array) {
    this.bytes = aligned(bytes);
    const { buffer, byteOffset, byteLength } = this.bytes;
    if (byteLength < HEADER_WORDS * 4) throw notAnImage();
    this.#words = new Uint32Array(buffer, byteOffset, byteLength >>> 2);
    if (this.#word(HEADER.magic) !== MAGIC) throw notAnImage();
    const slots = this.#word(HEADER.slots);
    this.seed = this.#word(HEADER.seed);
    this.tenants = this.#word(HEADER.tenants);
    this.configurations = this.#word(HEADER.configurations);
    this.unusable = this.#word(HEADER.unusable);
    this.longestId = this.#word(HEADER.longestId);
    this.#mask = slots - 1;
    const { tenants, configurations } = this;
    const assignments = this.#word(HEADER.assignments);
    this.#at = sectionsOf({ slots, tenants, assignments, configurations });
    const textAt = this.#at.text * 4;
    if (textAt > byteLength) throw notAnImage();
    this.#text = Buffer.from(buffer, byteOffset + textAt, byteLength - textAt);
  }

  /** Index of a tenant, by its id and the id's hash under `seed`. */
  findTenant(id: string, hash: number = hashOf(id, this.seed)): number {
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const entry = this.#word(this.#at.slots + slot);
      if (entry === 0) return NONE;
      const at = this.#at.tenants + (entry - 1) * TENANT_WORDS;
      if (this.#word(at) === hash && this.#textAt(at + 1) === id) return entry - 1;
    }
  }

  tenant(index: number): TenantEntry {
    const at = this.#at.tenants + index * TENANT_WORDS;
    const count = this.#word(at + 4);
    return {
      id: this.#textAt(at + 1),
      firstAssignment: this.#word(at + 3),
      count: count >>> 1,
      keyLeasingRequired: (count & 1) === 1,
    };
  }

  assignment(index: number): AssignmentEntry {
    const word = this.#word(this.#at.assignments + index);
    return {
      configuration: word >>> 2,
      active: (word & 2) !== 0,
      primary: (word & 1) !== 0,
    };
  }

  /** Index of a configuration, by its id. */
  findConfiguration(id: number): number {
    let low = 0;
    let high = this.configurations - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const index = this.#word(this.#at.order + middle);
      const found = this.configurationId(index);
      if (found === id) return index;
      if (found < id) low = middle + 1;
      else high = middle - 1;
    }
    return NONE;
  }

  configurationId(index: number): number {
    return this.#word(this.#configurationAt(index));
  }

  configuration(index: number): ConfigurationEntry {
    const at = this.#configurationAt(index);
    const id = this.#word(at);
    const flags = this.#word(at + 1);
    const type = KMS_TYPES[flags >>> TYPE_SHIFT];
    const text = this.#textAt(at + 2);
    if ((flags & FLAG.usable) === 0 || type === undefined) {
      return { usable: false, id, reason: text };
    }
    const leasingAllowed = (flags & FLAG.leasingAllowed) !== 0;
    return { usable: true, id, type, leasingAllowed, fingerprint: text };
  }

  /** Whether a tenant has the configuration. */
  isAssigned(index: number): boolean {
    return (this.#word(this.#configurationAt(index) + 1) & FLAG.assigned) !== 0;
  }

  keyPath(index: number): Readonly<Record<string, unknown>> {
    return JSON.parse(this.#textAt(this.#configurationAt(index) + 4));
  }

  credentials(index: number): Readonly<Record<string, unknown>> {
    return JSON.parse(this.#textAt(this.#configurationAt(index) + 6));
  }

  #configurationAt(index: number): number {
    return this.#at.configurations + index * CONFIGURATION_WORDS;
  }

  #word(index: number): number {
    return this.#words[index] ?? 0;
  }

  #textAt(index: number): string {
    const offset = this.#word(index);
    return this.#text.toString("utf8", offset, offset + this.#word(index + 1));
  }
}

/** Words can only be read where their addresses are multiples of four. */
function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 4 === 0 ? bytes : Uint8Array.from(bytes);
}

function notAnImage(): TypeError {
  return new TypeError("the bytes are not a tenant image of this version");
}
