import type { Assignment, KmsConfiguration, Tenant, UnusableConfiguration } from "../tenant.ts";
import type { Tenants } from "../source.ts";
import { hashOf } from "./hash.ts";
import { type AssignmentEntry, NONE, type TenantImage } from "./tenant-image.ts";

type Configuration = KmsConfiguration | UnusableConfiguration;

/**
 * Tenants kept as objects, for the next request of theirs: a power of two. Not more, because they
 * go all at once when a snapshot does, and leases do without: docs/decisions/ready-leases.md.
 */
const MAX_RECENT = 16_384;

/** Two tenants that are asked for in turns should seldom want the same place. */
const PLACES_PER_TENANT = 4;

/**
 * The tenants of an image. An object is made for a tenant that somebody asks for, and kept until
 * another one needs its place: memory is bounded however many tenants there are.
 */
export class ImageTenants implements Tenants {
  readonly #image: TenantImage;
  readonly #configuration: (index: number) => Configuration;
  readonly #recent: (Tenant | undefined)[];
  readonly #mask: number;

  constructor(image: TenantImage, configuration: (index: number) => Configuration) {
    this.#image = image;
    this.#configuration = configuration;
    const places = recentPlaces(image.tenants);
    this.#recent = Array.from({ length: places });
    this.#mask = places - 1;
  }

  get size(): number {
    return this.#image.tenants;
  }

  get(id: string): Tenant | undefined {
    // Nobody makes us hash a megabyte.
    if (id.length > this.#image.longestId) return undefined;
    const hash = hashOf(id, this.#image.seed);
    const place = hash & this.#mask;
    const recent = this.#recent[place];
    if (recent?.id === id) return recent;
    const index = this.#image.findTenant(id, hash);
    if (index === NONE) return undefined;
    const tenant = this.#make(index);
    this.#recent[place] = tenant;
    return tenant;
  }

  *keys(): Generator<string> {
    for (let index = 0; index < this.size; index += 1) yield this.#image.tenant(index).id;
  }

  #make(index: number): Tenant {
    const { id, firstAssignment, count, keyLeasingRequired } = this.#image.tenant(index);
    const assignments: Assignment[] = [];
    for (let offset = 0; offset < count; offset += 1) {
      const entry = this.#image.assignment(firstAssignment + offset);
      assignments.push(new ImageAssignment(entry, this.#configuration));
    }
    return { id, assignments, keyLeasingRequired };
  }
}

/** Most requests want one configuration of their tenant's: the others are never made. */
class ImageAssignment implements Assignment {
  readonly active: boolean;
  readonly primary: boolean;
  readonly #index: number;
  readonly #make: (index: number) => Configuration;
  #configuration: Configuration | undefined;

  constructor(entry: AssignmentEntry, make: (index: number) => Configuration) {
    this.active = entry.active;
    this.primary = entry.primary;
    this.#index = entry.configuration;
    this.#make = make;
  }

  get configuration(): Configuration {
    this.#configuration ??= this.#make(this.#index);
    return this.#configuration;
  }
}

function recentPlaces(tenants: number): number {
  return Math.min(MAX_RECENT, 2 ** Math.ceil(Math.log2(Math.max(tenants * PLACES_PER_TENANT, 2))));
}
