import { dirname, join, resolve } from "node:path";
import type { Environment } from "../config/environment.ts";
import { ProxyError } from "../errors.ts";
import { credentialsOpener } from "../file-source/credentials.ts";
import { FileSecretStore } from "../file-source/secrets/secret-store.ts";
import type { CurrentTenants } from "../keys/context.ts";
import { type CredentialsOpener, ImageSnapshot } from "../tenants/image/image-snapshot.ts";
import type { SecretStore, Snapshot } from "../tenants/source.ts";
import type { ImagePart } from "./calls.ts";
import { fromPlain, type PlainError } from "./plain-error.ts";

interface Incoming {
  readonly version: number;
  readonly image: Uint8Array<ArrayBuffer>;
  received: number;
}

/** The tenants as the primary hands them over: piece by piece, used when all workers have them. */
export class ReceivedTenants implements CurrentTenants {
  readonly secretStore: SecretStore;
  /** Why the configuration must not be used any more. */
  stale: PlainError | undefined;
  readonly #open: CredentialsOpener;
  #snapshot: Snapshot | undefined;
  #incoming: Incoming | undefined;

  constructor({ file, env }: { readonly file: string; readonly env: Environment }) {
    const folder = dirname(resolve(file));
    this.secretStore = new FileSecretStore({ folder: join(folder, "tenant-secrets") });
    this.#open = credentialsOpener({ folder, env });
  }

  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  /** @throws ProxyError 100 before the first version and when the last one is too old */
  current(): Snapshot {
    if (this.stale !== undefined) throw fromPlain(this.stale);
    if (this.#snapshot !== undefined) return this.#snapshot;
    throw new ProxyError("UNKNOWN_ERROR", "The configuration has not been loaded yet");
  }

  prepare({ version, bytes, offset, length }: ImagePart): void {
    if (this.#incoming?.version !== version) {
      this.#incoming = { version, image: new Uint8Array(length), received: 0 };
    }
    this.#incoming.image.set(bytes, offset);
    this.#incoming.received += bytes.length;
  }

  /** @throws Error when not all of this version has come */
  commit(version: number): void {
    const incoming = this.#incoming;
    if (incoming?.version !== version || incoming.received !== incoming.image.length) {
      throw new Error(`version ${version} of the configuration is not complete`);
    }
    this.#incoming = undefined;
    this.#snapshot = new ImageSnapshot({ image: incoming.image, problems: [], open: this.#open });
  }
}
