import { once } from "node:events";
import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { giveBackMemory } from "./give-back-memory.ts";
import { statesNow } from "./file-states.ts";
import { loadDocument } from "./load-document.ts";
import { readDocument } from "./read-document.ts";
import type { LoadMessage, LoadOutcome, ThreadJob } from "./load-job.ts";
import { MAX_WATCHED_FILES } from "./path-watcher.ts";

/** Where requests want the only CPU, a refresh gets a quarter of it. */
const NICE = 5;

function post(message: LoadMessage, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

const job: ThreadJob = workerData;

// The first load has nobody to give way to. Linux alone has priorities of threads; elsewhere this
// would slow the whole process down.
if (process.platform === "linux" && job.known !== undefined) {
  try {
    setPriority(NICE);
  } catch {
    // Then it has the priority of everybody.
  }
}

async function load(): Promise<LoadOutcome> {
  const { path, options, known } = job;
  const read = await readDocument(path, options.file);
  if (read.kind === "refused") return read;
  return loadDocument({ bytes: read.bytes, options, known }, { watch, look: statesNow });
}

async function watch(files: readonly string[]): Promise<void> {
  post({ watch: files.slice(0, MAX_WATCHED_FILES) });
  if (parentPort) await once(parentPort, "message");
}

const outcome = await load();
giveBackMemory();
post({ outcome }, outcome.kind === "built" ? [outcome.document.image.buffer] : []);
