import { type ChildProcess, fork } from "node:child_process";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { CrashWatch } from "./crash-watch.ts";
import type { Handlers } from "./link.ts";
import type { ToPrimary } from "./calls.ts";
import { MirrorFile } from "./mirror-file.ts";
import { WorkerHandle } from "./worker-handle.ts";

export interface FleetOptions {
  readonly workers: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the new process may ask of this one. */
  readonly handlers: (worker: WorkerHandle) => Handlers<ToPrimary>;
  /** Brings a worker that has just begun to where the others are. */
  readonly introduce: (worker: WorkerHandle) => Promise<void>;
  /** A worker ended, as it was told to or not. */
  readonly onExit: (worker: WorkerHandle, exit: WorkerExit) => void;
  /** A worker cannot serve, or one of its calls failed that nobody waits for. */
  readonly onError: (slot: number, error: unknown) => void;
  /** Why workers cannot be kept running; undefined: they can again. */
  readonly onTrouble: (reason: string | undefined) => void;
  /** What a worker counted is not to be had when it is killed. */
  readonly onNoMirror: (error: unknown) => void;
}

export interface WorkerExit {
  readonly expected: boolean;
  /** Such as `exit code 70` or `SIGKILL`. */
  readonly how: string;
  /** Connections that it was given and did not take. */
  readonly left: readonly Socket[];
}

// The sources run as they are, the package runs built: the neighbour has the same extension.
const ENTRY = fileURLToPath(
  new URL(
    import.meta.url.endsWith(".ts") ? "./worker-main.ts" : "./worker-main.js",
    import.meta.url,
  ),
);

/** Standard input, output, errors, the channel, and the pipe for events. */
const STDIO = ["ignore", "inherit", "inherit", "ipc", "pipe"] as const;
const EVENT_PIPE = 4;
// After them the mirror: see `worker-main.ts`.

/** How long a start that failed waits to hear how a worker ended. */
const EXPLAIN_MS = 100;

/** The processes that serve: started together, replaced one by one when they end. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #watch: CrashWatch;
  readonly #bySlot = new Map<number, WorkerHandle>();
  /** Workers whose slot another one has, and that finish what they began. */
  readonly #retiring = new Set<WorkerHandle>();
  readonly #restarts = new Map<number, NodeJS.Timeout>();
  /** The first one that ended before all of them served. */
  #early: string | undefined;
  #started = false;
  #stopping = false;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#watch = new CrashWatch(options.onTrouble);
  }

  /** All processes that run, whether they serve already or not. */
  get all(): readonly WorkerHandle[] {
    return [...this.#bySlot.values(), ...this.#retiring];
  }

  /** Those that take connections. */
  get serving(): readonly WorkerHandle[] {
    return this.all.filter(({ serving }) => serving);
  }

  /** Starts all processes. @throws Error when one of them ends or cannot begin */
  async launch(): Promise<void> {
    const { env, workers } = this.#options;
    const slots = Array.from({ length: workers }, (_, slot) => slot);
    const begun = slots.map(async (slot) => this.#fork(slot, env).begin(workers));
    await Promise.all(begun).catch((error: unknown) => this.explain(error));
  }

  /** From now on workers that end are replaced. @throws Error when one has ended already */
  started(): void {
    if (this.#early !== undefined) throw new Error(this.#early);
    this.#started = true;
  }

  /** Says why a worker did not answer during the start. @throws Error always */
  async explain(error: unknown): Promise<never> {
    // Its end may be told a moment after its channel is closed.
    await sleep(EXPLAIN_MS);
    if (this.#early === undefined) throw error;
    throw new Error(this.#early, { cause: error });
  }

  /** From now on nothing is replaced. */
  stopping(): void {
    this.#stopping = true;
    for (const timer of this.#restarts.values()) clearTimeout(timer);
    this.#restarts.clear();
    this.#watch.close();
  }

  /** Ends what still runs, at once, and waits for it. */
  async kill(): Promise<void> {
    this.stopping();
    await Promise.all(this.all.map((worker) => worker.kill()));
  }

  /** Replaces a worker that somebody asked to end, without losing a request. */
  async retire(worker: WorkerHandle, deadlineMs: number): Promise<void> {
    if (this.#stopping || worker.retiring) return;
    worker.retiring = true;
    this.#retiring.add(worker);
    await this.#replace(worker.slot);
    await worker.leave(deadlineMs);
  }

  /** Lets all of them finish; gives back whether the deadline cut off a request. */
  async leave(deadlineMs: number): Promise<boolean> {
    const workers = this.all.filter(({ serving, retiring }) => serving || retiring);
    const cut = await Promise.all(workers.map((worker) => worker.leave(deadlineMs)));
    return cut.some(Boolean);
  }

  /** @throws Error when the system cannot start one more process */
  #fork(slot: number, env: FleetOptions["env"]): WorkerHandle {
    const mirror = this.#mirror();
    const process = fork(ENTRY, [], {
      env,
      serialization: "advanced",
      stdio: [...STDIO, mirror?.fd ?? "ignore"],
    });
    process.on("error", () => {});
    if (process.pid === undefined) {
      mirror?.close();
      throw new Error("the system starts no further process");
    }
    const worker = new WorkerHandle(process, { slot, pipe: pipeOf(process), mirror });
    const { handlers, onError } = this.#options;
    worker.connect(handlers(worker), (error) => onError(slot, error));
    this.#bySlot.set(slot, worker);
    process.once("exit", (code, signal) => {
      // Nothing more is given to it; what it was given is free when its last word has come.
      worker.serving = false;
      const how = signal ?? `exit code ${code}`;
      if (!this.#started) this.#early ??= `worker process ${slot} ended at the start: ${how}`;
      void worker.exited().then(() => this.#exited(worker, how));
    });
    return worker;
  }

  #mirror(): MirrorFile | undefined {
    try {
      return MirrorFile.create();
    } catch (error) {
      this.#options.onNoMirror(error);
      return undefined;
    }
  }

  #exited(worker: WorkerHandle, how: string): void {
    const { slot } = worker;
    if (this.#bySlot.get(slot) === worker) this.#bySlot.delete(slot);
    this.#retiring.delete(worker);
    const expected = worker.retiring || this.#stopping;
    const left = worker.ended();
    this.#options.onExit(worker, { expected, how, left });
    worker.mirror?.close();
    if (!expected && this.#started) this.#again(slot, how, worker.servedMs);
  }

  #again(slot: number, how: string, servedMs: number): void {
    const delayMs = this.#watch.crashed(slot, how, servedMs);
    this.#restarts.set(
      slot,
      setTimeout(() => void this.#replace(slot), delayMs),
    );
  }

  /** Starts a worker in a slot; where that fails, it is tried again. Never rejects. */
  async #replace(slot: number): Promise<void> {
    this.#restarts.delete(slot);
    if (this.#stopping) return;
    const { env, introduce, onError, workers } = this.#options;
    let worker: WorkerHandle | undefined;
    try {
      worker = this.#fork(slot, env);
      await worker.begin(workers);
      await introduce(worker);
      this.#watch.serves(slot);
    } catch (error) {
      if (!this.#stopping) onError(slot, error);
      // It is replaced once it is gone.
      if (worker !== undefined) await worker.kill();
      else if (!this.#stopping) this.#again(slot, String(error), 0);
    }
  }
}

function pipeOf({ stdio }: ChildProcess): Duplex {
  const pipe = stdio[EVENT_PIPE];
  // What Node gives for a pipe beyond standard error is a socket, to be read and written.
  if (pipe instanceof Duplex) return pipe;
  throw new TypeError("a worker without a pipe for its events");
}
