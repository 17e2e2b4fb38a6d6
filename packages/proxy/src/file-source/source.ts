import { createHash, randomBytes } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import type { Environment } from "../config/environment.ts";
import type { Snapshot, TenantSource } from "../tenants/source.ts";
import { FileSourceError } from "./file-source-error.ts";
import { statesOf } from "./file-states.ts";
import { FileError, MAX_CONFIGURATION_BYTES, readLimited } from "./files.ts";
import { type Assembled, assemble, type ModelParts } from "./assemble.ts";
import { Pace } from "./pace.ts";
import { parseInParts } from "./parse-parts.ts";
import { PathWatcher } from "./path-watcher.ts";
import { FileSecretStore } from "./secrets/secret-store.ts";

export interface FileSourceOptions {
  /** Path of the configuration file. Its folder is where relative paths and secrets are. */
  readonly file: string;
  /** Where `fromEnv` looks. */
  readonly env: Environment;
}

interface Loaded extends Assembled {
  readonly digest: string;
}

const DIGEST_SLICE = 1024 * 1024;

/** Tenants from one configuration file, YAML or JSON, document model version 1. */
export class FileSource implements TenantSource {
  readonly secrets: FileSecretStore;
  readonly #file: string;
  readonly #path: string;
  readonly #env: Environment;
  readonly #fingerprintKey: Uint8Array = randomBytes(32);
  readonly #listeners: Set<() => void> = new Set();
  #watcher: PathWatcher | undefined;
  #loaded: Loaded | undefined;

  constructor({ file, env }: FileSourceOptions) {
    this.#file = file;
    this.#path = resolve(file);
    this.#env = env;
    this.secrets = new FileSecretStore({ folder: join(dirname(this.#path), "tenant-secrets") });
  }

  /** What the last successful load brought. */
  get loaded(): Assembled | undefined {
    return this.#loaded;
  }

  /** @throws FileSourceError with every mistake of the file */
  async load(signal: AbortSignal): Promise<Snapshot> {
    await this.#watch(this.#loaded?.files ?? []);
    const bytes = await this.#read();
    const digest = await digestOf(bytes);
    signal.throwIfAborted();
    if (this.#loaded?.digest !== digest || (await this.#filesChanged(this.#loaded))) {
      const parts = await this.#parse(bytes, signal);
      this.#loaded = { ...(await this.#assemble(parts)), digest };
    }
    return this.#loaded.snapshot;
  }

  watch(changed: () => void): () => void {
    this.#listeners.add(changed);
    this.#watcher ??= new PathWatcher(() => {
      for (const listener of this.#listeners) listener();
    });
    void this.#watch(this.#loaded?.files ?? []);
    return () => {
      this.#listeners.delete(changed);
      if (this.#listeners.size > 0) return;
      this.#watcher?.close();
      this.#watcher = undefined;
    };
  }

  async #read(): Promise<Buffer<ArrayBuffer>> {
    try {
      return await readLimited(this.#path, MAX_CONFIGURATION_BYTES);
    } catch (cause) {
      if (!(cause instanceof FileError)) throw cause;
      throw new FileSourceError([`${this.#file}: ${cause.message}`], { cause });
    }
  }

  async #parse(bytes: Buffer<ArrayBuffer>, signal: AbortSignal): Promise<ModelParts> {
    const options = { file: this.#file, fingerprintKey: this.#fingerprintKey };
    const parts: ModelParts = { configurations: [], tenants: [], problems: [] };
    for await (const part of parseInParts(bytes, options, signal)) {
      parts.configurations.push(...(part.configurations ?? []));
      parts.tenants.push(...(part.tenants ?? []));
      parts.problems.push(...(part.problems ?? []));
    }
    return parts;
  }

  async #assemble(parts: ModelParts): Promise<Assembled> {
    return await assemble(parts, {
      file: this.#file,
      base: { folder: dirname(this.#path), env: this.#env },
      previous: this.#loaded,
      // Watching comes before looking, so that no change falls between the two.
      beforeLooking: (files) => this.#watch(files),
    });
  }

  async #filesChanged({ files, states }: Loaded): Promise<boolean> {
    const now = await statesOf(files);
    return files.some((file) => now.get(file)?.signature !== states.get(file)?.signature);
  }

  async #watch(files: readonly string[]): Promise<void> {
    await this.#watcher?.update([this.#path, ...files]);
  }
}

export function createFileSource(options: FileSourceOptions): FileSource {
  return new FileSource(options);
}

async function digestOf(bytes: Uint8Array): Promise<string> {
  const digest = createHash("sha256");
  const pace = new Pace();
  for (let from = 0; from < bytes.length; from += DIGEST_SLICE) {
    digest.update(bytes.subarray(from, from + DIGEST_SLICE));
    await pace.breathe();
  }
  return digest.digest("base64");
}
