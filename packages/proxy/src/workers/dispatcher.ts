import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Address } from "../config/settings.ts";
import { BACKLOG } from "../http/server/http-server.ts";
import { closeWhenQuiet } from "../http/server/stop-listening.ts";
import { settledWithin } from "../service/settled-within.ts";
import type { WorkerHandle } from "./worker-handle.ts";

export interface DispatcherOptions {
  /** Those that take connections now. */
  readonly workers: () => readonly WorkerHandle[];
  /** Open connections of all workers together; one more is told so and closed. */
  readonly maxConnections: number;
  /** A connection could not be accepted, for want of descriptors or the like. */
  readonly onError: (error: NodeJS.ErrnoException) => void;
  /** A connection was closed unheard. */
  readonly onRejected: () => void;
}

/** Connections that wait for a worker to come back; one more is closed. */
const MAX_WAITING = 1_024;

/** Connections beyond the limit that may wait for their refusal; one more is closed unheard. */
const MAX_BEYOND = 256;

/**
 * The HTTP port. It accepts connections and gives each to the worker that has fewest. A connection
 * stays here, too, until its worker has it: when that ends before, another one gets it.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #server: Server;
  readonly #waiting: Socket[] = [];
  #accepted = 0;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    // Workers read; what arrives meanwhile stays in the system's buffer.
    this.#server = createServer({ pauseOnConnect: true, noDelay: true, allowHalfOpen: true });
    this.#server.on("connection", (socket) => {
      this.#accepted += 1;
      socket.on("error", () => {});
      this.#give(socket);
    });
  }

  /** @throws Error with the system's `code`, such as `EADDRINUSE` */
  async listen({ host, port }: Address): Promise<Address> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ host, port, backlog: BACKLOG }, () => {
        this.#server.off("error", reject);
        this.#server.on("error", (error) => this.#options.onError(error));
        resolve();
      });
    });
    return { host, port: (this.#server.address() as AddressInfo).port };
  }

  /** A worker serves or has ended: connections may find a new place. */
  look(left: readonly Socket[] = []): void {
    for (const socket of [...left, ...this.#waiting.splice(0)]) this.#give(socket);
  }

  /**
   * Ends listening without losing a connection that was accepted; `hold` keeps workers from
   * answering meanwhile, as `stopListening` does in one process. Resolves when workers have all of them.
   */
  async stop(hold: () => Promise<unknown>, patienceMs: number): Promise<void> {
    await hold();
    await closeWhenQuiet(this.#server, this, patienceMs);
    const handedOver = this.#options.workers().map((worker) => worker.handedOver());
    await settledWithin(Promise.all(handedOver), patienceMs);
  }

  /** Connections accepted so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Lets go of the port at once, and of whoever waits for a worker. */
  close(): void {
    if (this.#server.listening) this.#server.close();
    for (const socket of this.#waiting.splice(0)) socket.destroy();
  }

  #give(socket: Socket): void {
    const { maxConnections, workers } = this.#options;
    const serving = workers();
    const worker = serving.toSorted(byLoad)[0];
    if (worker !== undefined) {
      const [open, beyond] = countOf(serving);
      if (open < maxConnections || beyond < MAX_BEYOND) worker.give(socket, open >= maxConnections);
      else this.#reject(socket);
    } else if (this.#waiting.length < MAX_WAITING) {
      this.#waiting.push(socket);
    } else {
      this.#reject(socket);
    }
  }

  #reject(socket: Socket): void {
    this.#options.onRejected();
    socket.destroy();
  }
}

function countOf(workers: readonly WorkerHandle[]): readonly [number, number] {
  let [open, beyond] = [0, 0];
  for (const worker of workers) {
    open += worker.connections;
    beyond += worker.beyondLimit;
  }
  return [open, beyond];
}

/** First whoever has taken what it was given, then whoever has fewest. */
function byLoad(a: WorkerHandle, b: WorkerHandle): number {
  return a.onTheirWay - b.onTheirWay || a.connections - b.connections || a.givenAt - b.givenAt;
}
