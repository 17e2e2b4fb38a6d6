import { type ChildProcess, fork } from "node:child_process";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { CrashWatch } from "./crash-watch.ts";
import type { Handlers } from "./link.ts";
import type { ToPrimary } from "./calls.ts";
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
  /** Why workers cannot be kept running; undefined: they can again. */
  readonly onTrouble: (reason: string | undefined) => void;
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

/** The processes that serve: started together, replaced one by one when they end. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #watch: CrashWatch;
  readonly #bySlot = new Map<number, WorkerHandle>();
  /** Workers whose slot another one has, and that finish what they began. */
  readonly #retiring = new Set<WorkerHandle>();
  readonly #restarts = new Map<number, NodeJS.Timeout>();
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
    await Promise.all(slots.map((slot) => this.#fork(slot, env).begin(workers)));
  }

  /** From now on workers that end are replaced. */
  started(): void {
    this.#started = true;
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
    await this.#replace(worker.slot).catch(() => {});
    await worker.leave(deadlineMs);
  }

  #fork(slot: number, env: FleetOptions["env"]): WorkerHandle {
    const process = fork(ENTRY, [], { env, serialization: "advanced", stdio: [...STDIO] });
    const worker = new WorkerHandle(process, slot, pipeOf(process));
    worker.connect(this.#options.handlers(worker));
    this.#bySlot.set(slot, worker);
    process.once("exit", (code, signal) => this.#exited(worker, signal ?? `exit code ${code}`));
    // A process that cannot even be started says so here, and then exits.
    process.on("error", () => {});
    return worker;
  }

  #exited(worker: WorkerHandle, how: string): void {
    const { slot } = worker;
    if (this.#bySlot.get(slot) === worker) this.#bySlot.delete(slot);
    this.#retiring.delete(worker);
    const expected = worker.retiring || this.#stopping;
    const left = worker.ended();
    this.#options.onExit(worker, { expected, how, left });
    if (expected || !this.#started) return;
    const delayMs = this.#watch.crashed(slot, how, worker.servedMs);
    this.#restarts.set(
      slot,
      setTimeout(() => void this.#replace(slot).catch(() => {}), delayMs),
    );
  }

  async #replace(slot: number): Promise<void> {
    this.#restarts.delete(slot);
    if (this.#stopping) return;
    const { env, introduce, workers } = this.#options;
    const worker = this.#fork(slot, env);
    try {
      await worker.begin(workers);
      await introduce(worker);
      this.#watch.serves(slot);
    } catch (error) {
      // It is replaced once it is gone.
      await worker.kill();
      throw error;
    }
  }
}

function pipeOf({ stdio }: ChildProcess): Duplex {
  const pipe = stdio[EVENT_PIPE];
  // What Node gives for a pipe beyond standard error is a socket, to be read and written.
  if (pipe instanceof Duplex) return pipe;
  throw new TypeError("a worker without a pipe for its events");
}
