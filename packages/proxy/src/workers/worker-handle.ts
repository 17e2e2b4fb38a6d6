import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Handover, ToPrimary, ToWorker, WorkerState } from "./calls.ts";
import { type Handlers, Link } from "./link.ts";
import type { MirrorFile } from "./mirror-file.ts";

/** How long a process may take to be there at all. */
const BOOT_MS = 60_000;

const PING_EVERY_MS = 2_000;

/** What a worker that has ended had sent is read within that. */
const LAST_WORDS_MS = 50;

/** A worker that does not answer for so long serves nobody. */
const PING_PATIENCE_MS = 10_000;

interface OnItsWay {
  readonly socket: Socket;
  readonly beyondLimit: boolean;
}

export type WorkerParts = Pick<WorkerHandle, "slot" | "pipe" | "mirror">;

/** One serving process, as the primary sees it. */
export class WorkerHandle {
  readonly slot: number;
  /** Both ends may write; events come out of it. */
  readonly pipe: Duplex;
  /** What it counted, even when it has ended without a word. */
  readonly mirror: MirrorFile | undefined;
  /** It takes connections. */
  serving = false;
  /** It was told to end. */
  retiring = false;
  /** It has ended. */
  gone = false;
  /** What it counted, as far as it has told. */
  state: WorkerState | undefined;
  /** Open connections, those on their way included, those beyond the limit not. */
  connections = 0;
  /** Open connections beyond the limit. */
  beyondLimit = 0;
  /** When it was last given one. */
  givenAt = 0;
  readonly #process: ChildProcess;
  readonly #onTheirWay = new Map<number, OnItsWay>();
  #handedOver: (() => void) | undefined;
  #nextConnection = 1;
  readonly #exited: Promise<unknown>;
  #link: Link<ToWorker, ToPrimary> | undefined;
  #pinging: NodeJS.Timeout | undefined;
  #servesSince: number | undefined;
  #leaving: Promise<boolean> | undefined;

  constructor(process: ChildProcess, { slot, pipe, mirror }: WorkerParts) {
    this.#process = process;
    this.slot = slot;
    this.pipe = pipe;
    this.mirror = mirror;
    const exited = new Promise((resolve) => process.once("exit", resolve));
    const drained = new Promise((resolve) => pipe.once("close", resolve));
    const told = new Promise<void>((resolve) => {
      process.once("disconnect", resolve);
      // That does not come while a connection is on its way which the worker never took.
      process.once("exit", () => setTimeout(() => afterTurns(resolve), LAST_WORDS_MS));
    });
    // Its last events and calls may come after its end.
    this.#exited = Promise.all([exited, drained, told]);
  }

  /** Resolves when it has ended and everything that it sent has come. */
  async exited(): Promise<void> {
    await this.#exited;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get link(): Link<ToWorker, ToPrimary> {
    if (this.#link === undefined) throw new TypeError("connect() comes first");
    return this.#link;
  }

  /** It takes connections, or did. */
  get served(): boolean {
    return this.#servesSince !== undefined;
  }

  /** Milliseconds since it began to serve; 0 before. */
  get servedMs(): number {
    return this.#servesSince === undefined ? 0 : performance.now() - this.#servesSince;
  }

  connect(handlers: Handlers<ToPrimary>, onError: (error: unknown) => void): void {
    this.#link = new Link<ToWorker, ToPrimary>(this.#process, handlers, onError);
  }

  async begin(workers: number): Promise<void> {
    await this.link.ask("begin", { slot: this.slot, workers }, BOOT_MS);
  }

  /** It has opened the port. */
  serves(): void {
    this.serving = true;
    this.#servesSince = performance.now();
    this.#pinging = setInterval(() => void this.#ping(), PING_EVERY_MS).unref();
  }

  /**
   * Lets it finish its requests and waits for its end; gives back whether a request was cut off.
   * Whoever asks again may only make the deadline shorter.
   */
  async leave(deadlineMs: number): Promise<boolean> {
    this.retiring = true;
    this.serving = false;
    const late = setTimeout(() => void this.kill(), deadlineMs);
    try {
      return await (this.#leaving ??= this.#leave(deadlineMs));
    } finally {
      clearTimeout(late);
    }
  }

  async #leave(deadlineMs: number): Promise<boolean> {
    try {
      this.link.tell("startDraining", null);
      const { cut } = await this.link.ask("drain", { deadlineMs }, deadlineMs);
      this.state = await this.link.ask("close", { deadlineMs }, deadlineMs);
      await this.#exited;
      return cut;
    } catch {
      await this.kill();
      return true;
    }
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#exited;
  }

  /** Connections that it was given and has not taken yet. */
  get onTheirWay(): number {
    return this.#onTheirWay.size;
  }

  /** Hands a connection over; it is kept here, too, until the worker has it. */
  give(socket: Socket, beyondLimit: boolean): void {
    const handover: Handover = { connection: this.#nextConnection, beyondLimit };
    this.#nextConnection += 1;
    this.givenAt = performance.now();
    if (beyondLimit) this.beyondLimit += 1;
    else this.connections += 1;
    this.#onTheirWay.set(handover.connection, { socket, beyondLimit });
    // Who cannot be told any more has ended, and its connections are given to another worker.
    this.#process.send(handover, socket, { keepOpen: true }, () => {});
  }

  /** The worker has a connection. */
  took(connection: number): void {
    // Only our end of it: the worker's stays open.
    this.#onTheirWay.get(connection)?.socket.destroy();
    this.#onTheirWay.delete(connection);
    if (this.#onTheirWay.size === 0) this.#handedOver?.();
  }

  /** Connections of the worker were closed. */
  closed({ within, beyond }: { readonly within: number; readonly beyond: number }): void {
    this.connections -= within;
    this.beyondLimit -= beyond;
  }

  /** Resolves when nothing is on its way. */
  async handedOver(): Promise<void> {
    if (this.#onTheirWay.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#handedOver = resolve;
    });
  }

  /** It has ended. Gives the connections that it did not take. */
  ended(): readonly Socket[] {
    this.serving = false;
    this.gone = true;
    this.#link?.close();
    this.connections = 0;
    this.beyondLimit = 0;
    clearInterval(this.#pinging);
    const left = Array.from(this.#onTheirWay.values(), ({ socket }) => socket);
    this.#onTheirWay.clear();
    this.#handedOver?.();
    return left;
  }

  async #ping(): Promise<void> {
    const before = this.#nextConnection;
    try {
      await this.link.ask("ping", null, PING_PATIENCE_MS);
      this.#forgetLost(before);
    } catch {
      // Whoever hangs is replaced like one that fell.
      if (!this.retiring) this.#process.kill("SIGKILL");
    }
  }

  /** A worker takes connections in order: one given before an answered question did not arrive. */
  #forgetLost(before: number): void {
    for (const [connection, { socket, beyondLimit }] of this.#onTheirWay) {
      if (connection >= before) return;
      // For want of descriptors over there.
      socket.resetAndDestroy();
      this.took(connection);
      this.closed({ within: beyondLimit ? 0 : 1, beyond: beyondLimit ? 1 : 0 });
    }
  }
}

/** However late a timer is: in the turns after it, what has come is read. */
function afterTurns(done: () => void): void {
  setImmediate(() => setImmediate(done));
}
