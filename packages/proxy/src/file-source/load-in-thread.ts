import { totalmem } from "node:os";
import { Worker } from "node:worker_threads";
import { FileSourceError } from "./file-source-error.ts";
import type { LoadEnvironment } from "./load-document.ts";
import type { LoadMessage, LoadOutcome, ThreadJob } from "./load-job.ts";

export interface ThreadOptions {
  readonly watch: LoadEnvironment["watch"];
  readonly signal: AbortSignal;
  /** Memory of the thread: a file that is too much for it must not be too much for the process. */
  readonly memoryMb?: number;
}

// The sources run as they are, the package runs built: the neighbour has the same extension.
const WORKER = new URL(
  import.meta.url.endsWith(".ts") ? "./load-worker.ts" : "./load-worker.js",
  import.meta.url,
);

/**
 * Reads a file and goes on as `loadDocument`, in a thread of its own and of low priority: the calling
 * thread has nothing to do but to take the bytes of the image. It never holds those of the file:
 * what it gets from outside its heap makes V8 collect more, in steps of up to 10 ms.
 * @throws FileSourceError when there is not memory enough; the signal's reason when it fires
 */
export async function loadInThread(
  job: ThreadJob,
  { watch, signal, memoryMb = halfOfMemoryMb() }: ThreadOptions,
): Promise<LoadOutcome> {
  const worker = new Worker(WORKER, {
    workerData: job,
    execArgv: [],
    env: {},
    resourceLimits: {
      maxOldGenerationSizeMb: memoryMb,
      // Pages that a thread leaves behind stay with the process for a while; this keeps them few.
      maxYoungGenerationSizeMb: 8,
    },
  });
  try {
    return await outcomeOf(worker, job.options.file, { watch, signal });
  } finally {
    await worker.terminate();
  }
}

async function outcomeOf(
  worker: Worker,
  file: string,
  { watch, signal }: ThreadOptions,
): Promise<LoadOutcome> {
  const { promise, resolve, reject } = Promise.withResolvers<LoadOutcome>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  worker.on("message", (message: LoadMessage) => {
    if ("outcome" in message) resolve(message.outcome);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
    else watch(message.watch).then(() => worker.postMessage("watched"), reject);
  });
  worker.once("error", (cause) => {
    const isMemory = "code" in cause && cause.code === "ERR_WORKER_OUT_OF_MEMORY";
    const why = isMemory ? "it needs more memory than there is" : "the parser failed";
    reject(new FileSourceError([`${file}: cannot be parsed: ${why}`], { cause }));
  });
  worker.once("exit", () => reject(new Error("The loading thread ended")));
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function halfOfMemoryMb(): number {
  const constrained = process.constrainedMemory();
  const available = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return Math.max(128, Math.floor(available / 2 / 1024 / 1024));
}
