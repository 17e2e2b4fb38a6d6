import { randomBytes } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import type { Environment } from "../config/environment.ts";
import { type CredentialsOpener, ImageSnapshot } from "../tenants/image/image-snapshot.ts";
import type { TenantSource } from "../tenants/source.ts";
import { credentialsOpener } from "./credentials.ts";
import { FileSourceError } from "./file-source-error.ts";
import { statesOf } from "./file-states.ts";
import { loadDocument, type LoadEnvironment } from "./load-document.ts";
import { loadInThread } from "./load-in-thread.ts";
import type { BuiltDocument, KnownDocument, LoadOutcome } from "./load-job.ts";
import { MAX_WATCHED_FILES, PathWatcher } from "./path-watcher.ts";
import { readDocument, sizeOf } from "./read-document.ts";
import { FileSecretStore } from "./secrets/secret-store.ts";

export interface FileSourceOptions {
  /** Path of the configuration file. Its folder is where relative paths and secrets are. */
  readonly file: string;
  /** Where `fromEnv` looks. */
  readonly env: Environment;
}

interface Loaded extends KnownDocument, Pick<BuiltDocument, "documentProblems"> {
  readonly snapshot: ImageSnapshot;
  /** The files that are watched beside the configuration file. */
  readonly watched: readonly string[];
}

/** Up to here a file is read where we are: that takes less time than a thread needs to start. */
const INLINE_BYTES = 64 * 1024;

/** Tenants from one configuration file, YAML or JSON, document model version 1. */
export class FileSource implements TenantSource {
  readonly secrets: FileSecretStore;
  readonly #file: string;
  readonly #path: string;
  readonly #open: CredentialsOpener;
  readonly #fingerprintKey: Uint8Array = randomBytes(32);
  readonly #listeners: Set<() => void> = new Set();
  #watcher: PathWatcher | undefined;
  #loaded: Loaded | undefined;

  constructor({ file, env }: FileSourceOptions) {
    this.#file = file;
    this.#path = resolve(file);
    this.#open = credentialsOpener({ folder: dirname(this.#path), env });
    this.secrets = new FileSecretStore({ folder: join(dirname(this.#path), "tenant-secrets") });
  }

  /** What the last successful load brought. */
  get loaded(): Pick<Loaded, "snapshot" | "documentProblems"> | undefined {
    return this.#loaded;
  }

  /** @throws FileSourceError with every mistake of the file */
  async load(signal: AbortSignal): Promise<ImageSnapshot> {
    await this.#watch(this.#loaded?.watched ?? []);
    let watched: readonly string[] = [];
    const watch = async (files: readonly string[]): Promise<void> => {
      watched = files.slice(0, MAX_WATCHED_FILES);
      await this.#watch(watched);
    };
    const outcome = await this.#read(watch, signal);
    signal.throwIfAborted();
    if (outcome.kind === "refused") throw new FileSourceError(outcome.mistakes);
    if (outcome.kind === "built") this.#loaded = this.#loadedFrom(outcome.document, watched);
    return this.#loaded!.snapshot;
  }

  watch(changed: () => void): () => void {
    this.#listeners.add(changed);
    this.#watcher ??= new PathWatcher(() => {
      for (const listener of this.#listeners) listener();
    });
    void this.#watch(this.#loaded?.watched ?? []);
    return () => {
      this.#listeners.delete(changed);
      if (this.#listeners.size > 0) return;
      this.#watcher?.close();
      this.#watcher = undefined;
    };
  }

  async #read(watch: LoadEnvironment["watch"], signal: AbortSignal): Promise<LoadOutcome> {
    const [path, file] = [this.#path, this.#file];
    const options = { file, folder: dirname(path), fingerprintKey: this.#fingerprintKey };
    const known = this.#loaded && knownOf(this.#loaded);
    const size = await sizeOf(path);
    signal.throwIfAborted();
    if (size > INLINE_BYTES) return await loadInThread({ path, options, known }, { watch, signal });
    const read = await readDocument(path, file);
    signal.throwIfAborted();
    if (read.kind === "refused") return read;
    return await loadDocument({ bytes: read.bytes, options, known }, { watch, look: statesOf });
  }

  #loadedFrom(document: BuiltDocument, watched: readonly string[]): Loaded {
    const { image, problems, documentProblems } = document;
    const snapshot = new ImageSnapshot({ image, problems, open: this.#open });
    return { ...knownOf(document), documentProblems, snapshot, watched };
  }

  async #watch(files: readonly string[]): Promise<void> {
    await this.#watcher?.update([this.#path, ...files]);
  }
}

export function createFileSource(options: FileSourceOptions): FileSource {
  return new FileSource(options);
}

function knownOf({ digest, files, states }: KnownDocument): KnownDocument {
  return { digest, files, states };
}
