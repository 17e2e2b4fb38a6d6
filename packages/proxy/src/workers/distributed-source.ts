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
  /** Workers that get each change from now on. */
  readonly #known = new WeakSet<WorkerHandle>();
  #turn: Promise<void> = Promise.resolve();

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
    return await this.#alone(() => this.#change(snapshot, signal));
  }

  /** Brings one worker to the version that the others have. @throws Error when it is gone */
  async introduce(worker: WorkerHandle): Promise<void> {
    await this.#alone(async () => {
      if (this.#current !== undefined) {
        await send(worker, this.#version, this.#current);
        await commit(worker, this.#version);
      }
      this.#known.add(worker);
    });
  }

  async #change(snapshot: ImageSnapshot, signal: AbortSignal): Promise<ImageSnapshot> {
    if (snapshot === this.#current) return snapshot;
    // At the first time they all wait for it; later a new one gets what is current when it is ready.
    const first = this.#current === undefined;
    const workers = this.#workers().filter((worker) => first || this.#known.has(worker));
    this.#version += 1;
    const version = this.#version;
    const ready = await Promise.all(
      workers.map((worker) => orEnd(worker, () => send(worker, version, snapshot))),
    );
    signal.throwIfAborted();
    this.#current = snapshot;
    const all = workers.filter((_, at) => ready[at]);
    await Promise.all(all.map((worker) => orEnd(worker, () => commit(worker, version))));
    for (const worker of all) this.#known.add(worker);
    return snapshot;
  }

  /** One change at a time: a worker that begins meanwhile misses none and gets none twice. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.then(
      () => {},
      () => {},
    );
    return done;
  }
}

/** A worker that cannot do it is replaced, and its successor gets the newest version. */
async function orEnd(worker: WorkerHandle, work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch {
    await worker.kill();
    return false;
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
