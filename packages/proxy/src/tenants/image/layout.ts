/**
 * The bytes of a tenant image: words of 32 bits in the machine's own order, then text in UTF-8.
 *
 * | section        | words                                                                          |
 * | -------------- | ------------------------------------------------------------------------------ |
 * | header         | `HEADER`                                                                       |
 * | slots          | open hash table over tenant ids: 0, or 1 + index of a tenant                   |
 * | tenants        | hash of the id, id, first assignment, count × 2 + `keyLeasingRequired`         |
 * | assignments    | index of a configuration × 4 + `active` × 2 + `primary`                        |
 * | configurations | id, flags, fingerprint or reason, key path, credentials                       |
 * | order          | indexes of the configurations, ascending by id                                 |
 *
 * A text is two words: where it begins, counted from the section of texts, and its length in bytes.
 * The key path and the credentials are JSON. Equal texts may be the same bytes.
 */
export const HEADER = {
  magic: 0,
  /** Random, so that nobody can choose tenant ids that fall into one slot. */
  seed: 1,
  slots: 2,
  tenants: 3,
  assignments: 4,
  configurations: 5,
  /** Configurations that are left out although a tenant has them. */
  unusable: 6,
  /** UTF-16 units of the longest tenant id. */
  longestId: 7,
} as const;

export const HEADER_WORDS = 8;
export const TENANT_WORDS = 5;
export const CONFIGURATION_WORDS = 8;

/** "TSI" and the version of this layout. */
export const MAGIC = 0x54_53_49_01;

/** Bits of a configuration's flags; the type is above them. */
export const FLAG = { usable: 1, leasingAllowed: 2, assigned: 4 } as const;
export const TYPE_SHIFT = 3;

export interface Counts {
  readonly slots: number;
  readonly tenants: number;
  readonly assignments: number;
  readonly configurations: number;
}

/** Where each section begins, in words from the beginning. */
export interface Sections {
  readonly slots: number;
  readonly tenants: number;
  readonly assignments: number;
  readonly configurations: number;
  readonly order: number;
  readonly text: number;
}

export function sectionsOf({ slots, tenants, assignments, configurations }: Counts): Sections {
  const tenantsAt = HEADER_WORDS + slots;
  const assignmentsAt = tenantsAt + tenants * TENANT_WORDS;
  const configurationsAt = assignmentsAt + assignments;
  const orderAt = configurationsAt + configurations * CONFIGURATION_WORDS;
  return {
    slots: HEADER_WORDS,
    tenants: tenantsAt,
    assignments: assignmentsAt,
    configurations: configurationsAt,
    order: orderAt,
    text: orderAt + configurations,
  };
}
