import { totalmem } from "node:os";
import { setImmediate } from "node:timers/promises";
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import { parseDocument, type ParseOptions } from "./document/parse.ts";
import { FileSourceError } from "./file-source-error.ts";
import type { DocumentPart, ParseJob, ParseMessage } from "./parse-job.ts";

export interface ParseLimits {
  /** Up to here a file is parsed at once: that takes less time than a thread needs to start. */
  readonly inlineBytes: number;
  /** Memory of the thread: a file that is too much for it must not be too much for the process. */
  readonly threadMb: number;
}

const LIMITS: ParseLimits = { inlineBytes: 64 * 1024, threadMb: halfOfMemoryMb() };

// The sources run as they are, the package runs built: the neighbour has the same extension.
const WORKER = new URL(
  import.meta.url.endsWith(".ts") ? "./parse-worker.ts" : "./parse-worker.js",
  import.meta.url,
);

/**
 * Parses a configuration file and gives its model piece by piece. Long files are parsed by a thread
 * of their own, and requests get a turn between two pieces. `bytes` cannot be used afterwards.
 * @throws FileSourceError with every mistake; the signal's reason when it fires
 */
export async function* parseInParts(
  bytes: Buffer<ArrayBuffer>,
  options: ParseOptions,
  signal: AbortSignal,
  { inlineBytes, threadMb }: ParseLimits = LIMITS,
): AsyncGenerator<DocumentPart, void> {
  if (bytes.length > inlineBytes) {
    yield* parseInThread(bytes, options, signal, threadMb);
    return;
  }
  const { model, mistakes } = parseDocument(bytes, options);
  if (mistakes) throw new FileSourceError(mistakes);
  yield model;
}

async function* parseInThread(
  bytes: Buffer<ArrayBuffer>,
  options: ParseOptions,
  signal: AbortSignal,
  maxOldGenerationSizeMb: number,
): AsyncGenerator<DocumentPart, void> {
  const { port1: ours, port2: theirs } = new MessageChannel();
  const workerData: ParseJob = { bytes, options, port: theirs };
  const worker = new Worker(WORKER, {
    workerData,
    transferList: [theirs, bytes.buffer],
    execArgv: [],
    env: {},
    resourceLimits: {
      maxOldGenerationSizeMb,
      // Pages that a thread leaves behind stay with the process for a while; this keeps them few.
      maxYoungGenerationSizeMb: 8,
    },
  });
  try {
    await finished(worker, options.file, signal);
    for (let next = receive(ours); next; next = receive(ours)) {
      if ("mistakes" in next) throw new FileSourceError(next.mistakes);
      yield next;
      await setImmediate();
    }
  } finally {
    ours.close();
    await worker.terminate();
  }
}

function receive(port: Parameters<typeof receiveMessageOnPort>[0]): ParseMessage | undefined {
  return receiveMessageOnPort(port)?.message;
}

/** Resolves when the thread has posted everything. */
async function finished(worker: Worker, file: string, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  worker.once("message", () => resolve());
  worker.once("error", (cause) => {
    const isMemory = "code" in cause && cause.code === "ERR_WORKER_OUT_OF_MEMORY";
    const why = isMemory ? "it needs more memory than there is" : "the parser failed";
    reject(new FileSourceError([`${file}: cannot be parsed: ${why}`], { cause }));
  });
  worker.once("exit", () => reject(new Error("The parsing thread ended")));
  try {
    await promise;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function halfOfMemoryMb(): number {
  const constrained = process.constrainedMemory();
  const available = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return Math.max(128, Math.floor(available / 2 / 1024 / 1024));
}
