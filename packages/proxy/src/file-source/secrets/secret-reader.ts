import { join } from "node:path";
import { LRUCache } from "lru-cache";
import { ProxyError } from "../../errors.ts";
import type { RotationStatus, SecretKey } from "../../tenants/source.ts";
import { errorCode, namesIn } from "./exclusive.ts";
import { type Generation, generationsIn, readGeneration } from "./generations.ts";
import { folderName, type SecretFile } from "./secret-file.ts";

export interface SecretReaderOptions {
  readonly folder: string;
  /** How long `find` may go without looking at the disk, in milliseconds. */
  readonly freshMs: number;
  /** How long a new secret is only known before it is used for what is encrypted, in milliseconds. */
  readonly settleMs: number;
  /** Paths whose secrets are remembered. */
  readonly cacheSize: number;
}

export type SecretFilter = Partial<SecretKey> & { readonly rotationStatus?: RotationStatus };

export interface SecretList {
  readonly secrets: readonly SecretFile[];
  /** One line for each file that cannot be used. */
  readonly problems: readonly string[];
}

interface Known {
  readonly at: number;
  readonly generations: readonly Generation[];
  readonly secrets: readonly SecretFile[];
  /** What is answered until the newest secret is used. */
  readonly before: readonly SecretFile[];
  readonly settledAt: number;
}

const FOLDER_NAME = /^[0-9a-f]{64}$/;

/** Reads the files of a store. Files never change, so only the listing of a folder can be stale. */
export class SecretReader {
  readonly #folder: string;
  readonly #freshMs: number;
  readonly #settleMs: number;
  readonly #known: LRUCache<string, Known>;

  constructor({ folder, freshMs, settleMs, cacheSize }: SecretReaderOptions) {
    this.#folder = folder;
    this.#freshMs = freshMs;
    this.#settleMs = settleMs;
    this.#known = new LRUCache({ max: cacheSize });
  }

  /**
   * The current secret of a path, then those in rotation, newest first. A secret that takes the place
   * of another one does so when every process has had time to learn of it: what one encrypts with it,
   * all others can decrypt.
   */
  async find(key: SecretKey): Promise<readonly SecretFile[]> {
    const name = folderName(key);
    const known = this.#known.get(name);
    const at = performance.now();
    if (known && at - known.at < this.#freshMs) return inForce(known, at);

    const generations = (await this.#found(name)).filter(isInUse);
    const now =
      known && isSame(known.generations, generations)
        ? { ...known, at }
        : this.#knownFrom(at, generations, await this.#readAll(name, generations));
    // Nothing is what a path has just before it gets its first secret: not worth remembering.
    if (now.secrets.length > 0) this.#known.set(name, now);
    return inForce(now, at);
  }

  #knownFrom(
    at: number,
    generations: readonly Generation[],
    secrets: readonly SecretFile[],
  ): Known {
    const [newest, previous, ...others] = secrets;
    if (newest?.rotationStatus !== "current" || previous === undefined) {
      return { at, generations, secrets, before: secrets, settledAt: at };
    }
    const ageMs = Date.now() - Date.parse(newest.created);
    // Where the clock was set back, or that of another machine is wrong, age says nothing.
    const leftMs = Math.abs(ageMs) < this.#settleMs ? this.#settleMs - ageMs : 0;
    const before: readonly SecretFile[] = [
      { ...previous, rotationStatus: "current" },
      { ...newest, rotationStatus: "in-rotation" },
      ...others,
    ];
    return { at, generations, secrets, before, settledAt: at + leftMs };
  }

  /** Looks at the disk when the path is asked for next. */
  forget(name: string): void {
    this.#known.delete(name);
  }

  /** @throws ProxyError 100 that names the file when it is damaged */
  async read(name: string, generation: Generation): Promise<SecretFile> {
    return await readGeneration(this.#folder, name, generation);
  }

  /**
   * Every secret that the filter lets through, archived ones too, by tenant, type, path and id.
   * @throws ProxyError 100 when a folder is there and cannot be read
   */
  async list(filter: SecretFilter): Promise<SecretList> {
    const secrets: SecretFile[] = [];
    const problems: string[] = [];
    const names = await namesIn(this.#folder).catch(unreadable);
    for (const name of names.filter((each) => FOLDER_NAME.test(each))) {
      for (const generation of await this.#generations(name).catch(unreadable)) {
        try {
          const secret = await this.read(name, generation);
          if (passes(secret, filter)) secrets.push(secret);
        } catch (error) {
          if (!(error instanceof ProxyError)) throw error;
          problems.push(error.message);
        }
      }
    }
    return { secrets: secrets.toSorted(byKeyAndId), problems };
  }

  /** @throws ProxyError 100 when the folder is there and cannot be read */
  async #found(name: string): Promise<readonly Generation[]> {
    try {
      return await this.#generations(name);
    } catch (cause) {
      // Where something else is in the folder's place, no secret is. Making one will say why not.
      if (errorCode(cause) === "ENOTDIR") return [];
      return unreadable(cause);
    }
  }

  async #generations(name: string): Promise<readonly Generation[]> {
    return await generationsIn(join(this.#folder, name));
  }

  async #readAll(name: string, generations: readonly Generation[]): Promise<SecretFile[]> {
    const secrets: SecretFile[] = [];
    for (const generation of generations) secrets.push(await this.read(name, generation));
    return secrets;
  }
}

function unreadable(cause: unknown): never {
  throw new ProxyError(
    "UNKNOWN_ERROR",
    `The stored tenant secrets cannot be read (${errorCode(cause) ?? "unknown"})`,
    { cause },
  );
}

function inForce({ secrets, before, settledAt }: Known, at: number): readonly SecretFile[] {
  return at < settledAt ? before : secrets;
}

function isInUse({ status }: Generation): boolean {
  return status !== "archived";
}

function isSame(before: readonly Generation[], now: readonly Generation[]): boolean {
  return (
    before.length === now.length &&
    before.every(({ number, status }, index) => {
      const other = now[index];
      return number === other?.number && status === other.status;
    })
  );
}

function passes(secret: SecretFile, filter: SecretFilter): boolean {
  const { tenantId, secretType, secretPath, rotationStatus } = filter;
  return (
    (tenantId === undefined || tenantId === secret.tenantId) &&
    (secretType === undefined || secretType === secret.secretType) &&
    (secretPath === undefined || secretPath === secret.secretPath) &&
    (rotationStatus === undefined || rotationStatus === secret.rotationStatus)
  );
}

function byKeyAndId(a: SecretFile, b: SecretFile): number {
  return (
    compare(a.tenantId, b.tenantId) ||
    compare(a.secretType, b.secretType) ||
    compare(a.secretPath, b.secretPath) ||
    a.id - b.id
  );
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
