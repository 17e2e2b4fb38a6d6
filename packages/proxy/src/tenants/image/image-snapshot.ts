import type { Snapshot, Tenants } from "../source.ts";
import type {
  KmsConfiguration,
  KmsType,
  OpenedCredentials,
  UnusableConfiguration,
} from "../tenant.ts";
import { ImageTenants } from "./image-tenants.ts";
import { NONE, TenantImage } from "./tenant-image.ts";

/** Opens credentials as their source wrote them; rejects as `KmsConfiguration.openCredentials`. */
export type CredentialsOpener = (
  credentials: Readonly<Record<string, unknown>>,
  configuration: { readonly id: number; readonly type: KmsType },
) => Promise<OpenedCredentials>;

export interface ImageSnapshotOptions {
  /** What `writeImage` gave, in this process or in another one. Not changed any more. */
  readonly image: Uint8Array;
  readonly problems: readonly string[];
  readonly open: CredentialsOpener;
}

/** Configurations kept as objects, for those that many tenants share: a power of two. */
const MAX_RECENT = 1_024;

/** A snapshot over the bytes of an image. Making one takes no time, whatever is in it. */
export class ImageSnapshot implements Snapshot {
  readonly tenants: Tenants;
  readonly problems: readonly string[];
  readonly #image: TenantImage;
  readonly #open: CredentialsOpener;
  readonly #recent: (KmsConfiguration | UnusableConfiguration | undefined)[];

  constructor({ image, problems, open }: ImageSnapshotOptions) {
    this.#image = new TenantImage(image);
    this.problems = problems;
    this.#recent = Array.from({ length: MAX_RECENT });
    this.#open = open;
    this.tenants = new ImageTenants(this.#image, (index) => this.#configurationAt(index));
  }

  /** The bytes themselves: hand them to another process, and it has the same snapshot. */
  get image(): Uint8Array {
    return this.#image.bytes;
  }

  get unusable(): number {
    return this.#image.unusable;
  }

  configuration(id: number): KmsConfiguration | UnusableConfiguration | undefined {
    const index = this.#image.findConfiguration(id);
    if (index === NONE || !this.#image.isAssigned(index)) return undefined;
    return this.#configurationAt(index);
  }

  /** Every configuration in the order of its source, also those that no tenant has. */
  *configurations(): Generator<KmsConfiguration | UnusableConfiguration> {
    for (let index = 0; index < this.#image.configurations; index += 1) {
      yield this.#make(index);
    }
  }

  #configurationAt(index: number): KmsConfiguration | UnusableConfiguration {
    const place = index & (MAX_RECENT - 1);
    // Under one place are only indexes that differ, and each has an id of its own.
    const recent = this.#recent[place];
    if (recent?.id === this.#image.configurationId(index)) return recent;
    const made = this.#make(index);
    this.#recent[place] = made;
    return made;
  }

  #make(index: number): KmsConfiguration | UnusableConfiguration {
    const entry = this.#image.configuration(index);
    if (!entry.usable) return entry;
    return new ImageConfiguration(entry, this.#image, index, this.#open);
  }
}

/** Keeps the whole image alive: whoever outlives a snapshot takes the object of the next one. */
class ImageConfiguration implements KmsConfiguration {
  readonly id: number;
  readonly type: KmsType;
  readonly leasingAllowed: boolean;
  readonly fingerprint: string;
  readonly #image: TenantImage;
  readonly #index: number;
  readonly #open: CredentialsOpener;

  constructor(
    entry: Pick<KmsConfiguration, "id" | "type" | "leasingAllowed" | "fingerprint">,
    image: TenantImage,
    index: number,
    open: CredentialsOpener,
  ) {
    this.id = entry.id;
    this.type = entry.type;
    this.leasingAllowed = entry.leasingAllowed;
    this.fingerprint = entry.fingerprint;
    this.#image = image;
    this.#index = index;
    this.#open = open;
  }

  get usable(): true {
    return true;
  }

  get keyPath(): Readonly<Record<string, unknown>> {
    return this.#image.keyPath(this.#index);
  }

  async openCredentials(): Promise<OpenedCredentials> {
    return await this.#open(this.#image.credentials(this.#index), this);
  }
}
