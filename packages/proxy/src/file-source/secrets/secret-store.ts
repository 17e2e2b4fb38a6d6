import { basename, join } from "node:path";
import { decodeEdek } from "../../edek/codec.ts";
import { ProxyError } from "../../errors.ts";
import type { RotationStatus, SecretKey, SecretStore } from "../../tenants/source.ts";
import { errorCode, makeFolder, publish, removeOldDrafts } from "./exclusive.ts";
import { fileName, type Generation, generationsIn, MAX_SECRET_FILE_BYTES } from "./generations.ts";
import { encodeSecretFile, folderName, type SecretFile } from "./secret-file.ts";
import { SecretIds } from "./secret-ids.ts";
import { type SecretFilter, type SecretList, SecretReader } from "./secret-reader.ts";

export interface FileSecretStoreOptions {
  /** Made at the first secret. */
  readonly folder: string;
  /** How long `find` may go without looking at the disk. Default: 1 000 ms. */
  readonly freshMs?: number;
  /**
   * How long the predecessor of a new secret stays the one to encrypt with, until every process knows
   * the new one. Default: `SETTLE_MS`.
   */
  readonly settleMs?: number;
  /** Paths whose secrets are remembered. Default: 10 000. */
  readonly cacheSize?: number;
}

export interface Rotation {
  /** The secret that was current; undefined when there was none. */
  readonly rotated: SecretFile | undefined;
  /** The secret that is current now; undefined until somebody uses the path. */
  readonly current: SecretFile | undefined;
}

const DRAFT_AGE_MS = 3_600_000;

const FRESH_MS = 1_000;

/** As long as a process may not have looked at the disk, and once more for slow disks and clocks. */
export const SETTLE_MS: number = 2 * FRESH_MS;

/**
 * Tenant secrets as files, one for each secret and status. Files are only ever added, each whole and
 * exclusively, so that processes need no lock, and a crash leaves nothing half done.
 */
export class FileSecretStore implements SecretStore {
  readonly #folder: string;
  readonly #scratch: string;
  readonly #reader: SecretReader;
  readonly #ids: SecretIds;
  #prepared: Promise<void> | undefined;

  constructor(options: FileSecretStoreOptions) {
    const { folder, freshMs = FRESH_MS, settleMs = SETTLE_MS, cacheSize = 10_000 } = options;
    this.#folder = folder;
    this.#scratch = join(folder, "tmp");
    this.#reader = new SecretReader({ folder, freshMs, settleMs, cacheSize });
    this.#ids = new SecretIds({
      folder: join(folder, "ids"),
      highestInUse: async () => {
        const { secrets } = await this.list();
        return secrets.reduce((highest, { id }) => Math.max(highest, id), 0);
      },
    });
  }

  /** @throws ProxyError 100 that names the file when one is damaged */
  async find(key: SecretKey): Promise<readonly SecretFile[]> {
    return await this.#reader.find(key);
  }

  /** @throws ProxyError 401 when the folder cannot be written, 100 when a file is damaged */
  async create(key: SecretKey, encryptedSecret: Uint8Array): Promise<SecretFile> {
    const name = folderName(key);
    const [newest] = await this.#generations(name);
    if (newest?.status === "current") {
      this.#reader.forget(name);
      return await this.#reader.read(name, newest);
    }
    const number = (newest?.number ?? 0) + 1;
    const id = await this.#explained(() => this.#ids.next());
    const secret = newSecret(key, id, encryptedSecret);
    if (await this.#publish(name, number, secret)) return secret;
    // Somebody else was faster. The file says so itself, whatever a listing may still say.
    return await this.#reader.read(name, { number, status: "current" });
  }

  /**
   * Current becomes in rotation. A new current secret appears when the path is used next, or at once
   * when `createNext` gives its EDEK.
   */
  async rotate(key: SecretKey, createNext?: () => Promise<Uint8Array>): Promise<Rotation> {
    const name = folderName(key);
    const [newest] = await this.#generations(name);
    if (newest?.status !== "current") return { rotated: undefined, current: undefined };
    // First the part that may fail for reasons outside: the tenant's KMS has to wrap a new secret.
    const next = await createNext?.();
    const rotated = await this.#advance(name, newest, "in-rotation");
    return { rotated, current: next && (await this.create(key, next)) };
  }

  /** Everything in rotation becomes archived. Gives what did. */
  async archive(key: SecretKey): Promise<readonly SecretFile[]> {
    const name = folderName(key);
    const archived: SecretFile[] = [];
    for (const generation of await this.#generations(name)) {
      if (generation.status !== "in-rotation") continue;
      archived.push(await this.#advance(name, generation, "archived"));
    }
    return archived;
  }

  /**
   * Takes over all secrets of one path from another store, oldest first, with their ids. Gives false when
   * they are here already.
   * @throws ProxyError 401 when the path has other secrets here
   */
  async adopt(key: SecretKey, secrets: readonly SecretFile[]): Promise<boolean> {
    const name = folderName(key);
    const there = await this.#generations(name);
    for (const generation of there) await this.#expectSame(name, generation, secrets);
    const known = new Set(there.map(({ number }) => number));
    // The newest first: a proxy that looks meanwhile must find the current one, or make its own.
    for (const [index, secret] of [...secrets.entries()].toReversed()) {
      if (known.has(index + 1)) continue;
      await this.#explained(() => this.#ids.take(secret.id));
      if (await this.#publish(name, index + 1, secret)) continue;
      await this.#expectSame(name, { number: index + 1, status: secret.rotationStatus }, secrets);
    }
    return known.size < secrets.length;
  }

  /** Every secret that the filter lets through, archived ones too, by tenant, type, path and id. */
  async list(filter: SecretFilter = {}): Promise<SecretList> {
    return await this.#reader.list(filter);
  }

  async #expectSame(
    name: string,
    generation: Generation,
    secrets: readonly SecretFile[],
  ): Promise<void> {
    const here = await this.#reader.read(name, generation);
    const foreign = secrets[generation.number - 1];
    if (foreign?.id === here.id && foreign.encryptedSecret.equals(here.encryptedSecret)) return;
    const ids = secrets.map(({ id }) => id).join(", ");
    throw new ProxyError(
      "SECRET_CREATION_FAILED",
      `The path of the secrets with the ids ${ids} has another one here already: ${here.id}`,
    );
  }

  async #generations(name: string): Promise<readonly Generation[]> {
    return await this.#explained(() => generationsIn(join(this.#folder, name)));
  }

  async #advance(
    name: string,
    generation: Generation,
    rotationStatus: RotationStatus,
  ): Promise<SecretFile> {
    const secret = await this.#reader.read(name, generation);
    const advanced = { ...secret, rotationStatus, updated: new Date().toISOString() };
    if (await this.#publish(name, generation.number, advanced)) return advanced;
    // Another process did the same at the same moment.
    return await this.#reader.read(name, { ...generation, status: rotationStatus });
  }

  async #publish(name: string, generation: number, secret: SecretFile): Promise<boolean> {
    const content = encodeSecretFile(secret);
    if (content.length > MAX_SECRET_FILE_BYTES) {
      throw new ProxyError("SECRET_CREATION_FAILED", "The secret path is too long to be stored");
    }
    return await this.#explained(async () => {
      await (this.#prepared ??= this.#prepare());
      const folder = join(this.#folder, name);
      await makeFolder(folder);
      const path = join(folder, fileName(generation, secret.rotationStatus));
      const done = await publish(path, content, this.#scratch);
      this.#reader.forget(name);
      return done;
    });
  }

  async #prepare(): Promise<void> {
    await makeFolder(this.#scratch);
    await removeOldDrafts(this.#scratch, DRAFT_AGE_MS);
  }

  /** Explains what the system refuses. */
  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      this.#prepared = undefined;
      const code = errorCode(cause);
      if (code === undefined || cause instanceof ProxyError) throw cause;
      throw new ProxyError(
        "SECRET_CREATION_FAILED",
        `The tenant secret could not be stored (${code}). The folder ${basename(this.#folder)} ` +
          "next to the configuration file must be writable, on a file system with hard links",
        { cause },
      );
    }
  }
}

function newSecret(key: SecretKey, id: number, encryptedSecret: Uint8Array): SecretFile {
  const { tenantId, secretType, secretPath } = key;
  const now = new Date().toISOString();
  return {
    id,
    tenantId,
    secretType,
    secretPath,
    rotationStatus: "current",
    encryptedSecret: Buffer.from(encryptedSecret),
    kmsConfigId: kmsConfigIdOf(encryptedSecret),
    created: now,
    updated: now,
  };
}

/** For people who look for what a configuration protects; the EDEK itself is what counts. */
export function kmsConfigIdOf(encryptedSecret: Uint8Array): number | null {
  try {
    return decodeEdek(Buffer.from(encryptedSecret)).kmsConfigId;
  } catch {
    return null;
  }
}
