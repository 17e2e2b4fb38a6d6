import type { Assignment, KmsConfiguration, Tenant, UnusableConfiguration } from "../tenant.ts";
import type { Tenants } from "../source.ts";
import { hashOf } from "./hash.ts";
import { NONE, type TenantImage } from "./tenant-image.ts";

type Configuration = KmsConfiguration | UnusableConfiguration;

/** Tenants kept as objects, for the next request of theirs: a power of two. */
const MAX_RECENT = 16_384;

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
    const entry = this.#image.tenant(index);
    const { id, firstAssignment, keyLeasingRequired } = entry;
    const assignments: Assignment[] = [];
    for (let offset = 0; offset < entry.assignments; offset += 1) {
      const { configuration, active, primary } = this.#image.assignment(firstAssignment + offset);
      assignments.push({ configuration: this.#configuration(configuration), active, primary });
    }
    return { id, assignments, keyLeasingRequired };
  }
}

function recentPlaces(tenants: number): number {
  return Math.min(MAX_RECENT, 2 ** Math.ceil(Math.log2(Math.max(tenants * 2, 2))));
}
