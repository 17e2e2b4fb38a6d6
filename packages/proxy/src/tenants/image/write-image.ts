import { randomInt } from "node:crypto";
import {
  isUnusable,
  type TenantRecord,
  type UnusableRecord,
  type UsableRecord,
} from "../records.ts";
import { KMS_TYPES } from "../tenant.ts";
import { hashOf } from "./hash.ts";
import {
  CONFIGURATION_WORDS,
  FLAG,
  HEADER,
  MAGIC,
  type Sections,
  sectionsOf,
  TENANT_WORDS,
  TYPE_SHIFT,
} from "./layout.ts";
import { TextArea } from "./text-area.ts";

export interface ImageParts {
  /** Each id once. */
  readonly configurations: readonly (UsableRecord | UnusableRecord)[];
  /** Each id once; every configuration that they name is there. */
  readonly tenants: readonly TenantRecord[];
}

export interface WriteOptions {
  /** Of the hashes of tenant ids. Default: a random one. */
  readonly seed?: number;
  readonly maxTextBytes?: number;
}

/** Far more than the longest file holds, and far less than a process can bear. */
const MAX_TEXT_BYTES = 512 * 1024 * 1024;

/**
 * Writes tenants and configurations as bytes that any process of this version can read, without an
 * object of its own for any of them: see `layout.ts`.
 * @throws TypeError when a tenant names a configuration that is not there
 * @throws TextLimitError when there is too much text
 */
export function writeImage(
  parts: ImageParts,
  { seed = randomInt(2 ** 32), maxTextBytes = MAX_TEXT_BYTES }: WriteOptions = {},
): Uint8Array<ArrayBuffer> {
  return new ImageWriter(parts, seed, maxTextBytes).write();
}

class ImageWriter {
  readonly #configurations: ImageParts["configurations"];
  readonly #tenants: ImageParts["tenants"];
  readonly #seed: number;
  readonly #at: Sections;
  readonly #words: Uint32Array;
  readonly #texts: TextArea;
  readonly #indexes = new Map<number, number>();

  constructor({ configurations, tenants }: ImageParts, seed: number, maxTextBytes: number) {
    this.#configurations = configurations;
    this.#tenants = tenants;
    this.#seed = seed;
    const counts = {
      slots: slotsFor(tenants.length),
      tenants: tenants.length,
      assignments: tenants.reduce((sum, tenant) => sum + tenant.configurations.length, 0),
      configurations: configurations.length,
    };
    this.#at = sectionsOf(counts);
    this.#words = new Uint32Array(this.#at.text);
    this.#texts = new TextArea(maxTextBytes);
    this.#words[HEADER.magic] = MAGIC;
    this.#words[HEADER.seed] = seed;
    for (const [name, count] of Object.entries(counts)) {
      this.#words[HEADER[name as keyof typeof counts]] = count;
    }
  }

  write(): Uint8Array<ArrayBuffer> {
    for (const [index, record] of this.#configurations.entries()) {
      this.#indexes.set(record.id, index);
      this.#writeConfiguration(index, record);
    }
    const ordered = [...this.#indexes].toSorted(([a], [b]) => a - b);
    for (const [place, [, index]] of ordered.entries()) this.#words[this.#at.order + place] = index;
    let assignment = 0;
    for (const [index, tenant] of this.#tenants.entries()) {
      this.#writeTenant(index, tenant, assignment);
      assignment += tenant.configurations.length;
    }
    this.#words[HEADER.unusable] = this.#countUnusable();
    const text = this.#texts.bytes;
    const image = new Uint8Array(this.#words.byteLength + text.length);
    image.set(new Uint8Array(this.#words.buffer));
    image.set(text, this.#words.byteLength);
    return image;
  }

  #writeConfiguration(index: number, record: UsableRecord | UnusableRecord): void {
    const at = this.#at.configurations + index * CONFIGURATION_WORDS;
    this.#words[at] = record.id;
    if (isUnusable(record)) {
      this.#words.set(this.#texts.addShared(record.reason), at + 2);
      return;
    }
    const { type, keyPath, credentials, leasingAllowed, fingerprint } = record;
    const leasing = leasingAllowed ? FLAG.leasingAllowed : 0;
    this.#words[at + 1] = FLAG.usable | leasing | (KMS_TYPES.indexOf(type) << TYPE_SHIFT);
    this.#words.set(this.#texts.add(fingerprint), at + 2);
    this.#words.set(this.#texts.addShared(JSON.stringify(keyPath)), at + 4);
    this.#words.set(this.#texts.addShared(JSON.stringify(credentials)), at + 6);
  }

  #writeTenant(index: number, tenant: TenantRecord, firstAssignment: number): void {
    const { id, configurations, keyLeasingRequired } = tenant;
    const hash = hashOf(id, this.#seed);
    const at = this.#at.tenants + index * TENANT_WORDS;
    this.#words[at] = hash;
    this.#words.set(this.#texts.add(id), at + 1);
    this.#words[at + 3] = firstAssignment;
    this.#words[at + 4] = configurations.length * 2 + Number(keyLeasingRequired);
    for (const [offset, assignment] of configurations.entries()) {
      const configuration = this.#assigned(assignment.id);
      const active = Number(assignment.active);
      const primary = Number(assignment.primary && assignment.active);
      const word = configuration * 4 + active * 2 + primary;
      this.#words[this.#at.assignments + firstAssignment + offset] = word;
    }
    this.#enter(hash, index);
    const longest = this.#words[HEADER.longestId] ?? 0;
    if (id.length > longest) this.#words[HEADER.longestId] = id.length;
  }

  #assigned(id: number): number {
    const index = this.#indexes.get(id);
    if (index === undefined) throw new TypeError(`no KMS configuration ${id}`);
    const flags = this.#at.configurations + index * CONFIGURATION_WORDS + 1;
    this.#words[flags] = (this.#words[flags] ?? 0) | FLAG.assigned;
    return index;
  }

  /** Takes the first free slot; fewer than half of them are taken in the end. */
  #enter(hash: number, index: number): void {
    const mask = slotsFor(this.#tenants.length) - 1;
    let slot = hash & mask;
    while (this.#words[this.#at.slots + slot] !== 0) slot = (slot + 1) & mask;
    this.#words[this.#at.slots + slot] = index + 1;
  }

  #countUnusable(): number {
    let unusable = 0;
    for (let index = 0; index < this.#configurations.length; index += 1) {
      const flags = this.#words[this.#at.configurations + index * CONFIGURATION_WORDS + 1] ?? 0;
      if ((flags & FLAG.assigned) !== 0 && (flags & FLAG.usable) === 0) unusable += 1;
    }
    return unusable;
  }
}

/** A power of two, at least twice as many as there are tenants. */
function slotsFor(tenants: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(tenants * 2, 2)));
}
