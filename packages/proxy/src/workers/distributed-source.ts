import { setImmediate as nextTurn } from "node:timers/promises";
import type { FileSource } from "../file-source/source.ts";
import type { ImageSnapshot } from "../tenants/image/image-snapshot.ts";
import type { WorkerHandle } from "./worker-handle.ts";

/** Small enough that neither side is held up by one piece. */
const PIECE_BYTES = 256 * 1_024;

/** For one piece, or for the change to a complete version. */
const PATIENCE_MS = 30_000;

/** The tenants of the file, read once for all workers, and the same version in all of them. */
export class DistributedSource {
  readonly #file: FileSource;
  readonly #workers: () => readonly WorkerHandle[];
  #version = 0;
  #current: ImageSnapshot | undefined;

  constructor(file: FileSource, workers: () => readonly WorkerHandle[]) {
    this.#file = file;
    this.#workers = workers;
  }

  watch(changed: () => void): () => void {
    return this.#file.watch(changed);
  }

  /**
   * Reads the file; hands a change to every worker and then tells all of them to use it.
   * @throws FileSourceError with every mistake of the file
   */
  async load(signal: AbortSignal): Promise<ImageSnapshot> {
    const snapshot = await this.#file.load(signal);
    if (snapshot === this.#current) return snapshot;
    this.#version += 1;
    const version = this.#version;
    // Also those that are only beginning: they would be given the version before.
    const workers = this.#workers();
    const ready = await Promise.all(workers.map((worker) => this.#send(worker, version, snapshot)));
    signal.throwIfAborted();
    this.#current = snapshot;
    await Promise.all(workers.filter((_, at) => ready[at]).map((one) => commit(one, version)));
    return snapshot;
  }

  /** Brings one worker to the version that the others have. @throws Error when it is gone */
  async introduce(worker: WorkerHandle): Promise<void> {
    let given = 0;
    while (given !== this.#version && this.#current !== undefined) {
      given = this.#version;
      await send(worker, given, this.#current);
      await commit(worker, given);
    }
  }

  /** A worker that cannot take it is replaced, and its successor gets the newest version. */
  async #send(worker: WorkerHandle, version: number, snapshot: ImageSnapshot): Promise<boolean> {
    try {
      await send(worker, version, snapshot);
      return true;
    } catch {
      await worker.kill();
      return false;
    }
  }
}

async function send(
  { link }: WorkerHandle,
  version: number,
  { image }: ImageSnapshot,
): Promise<void> {
  const { length } = image;
  for (let offset = 0; offset < length; offset += PIECE_BYTES) {
    const bytes = image.subarray(offset, offset + PIECE_BYTES);
    await link.ask("prepare", { version, bytes, offset, length }, PATIENCE_MS);
    await nextTurn();
  }
}

async function commit({ link }: WorkerHandle, version: number): Promise<void> {
  await link.ask("commit", { version }, PATIENCE_MS);
}
