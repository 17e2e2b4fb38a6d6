import type { Server, Socket } from "node:net";
import type { HttpObserver } from "../ports.ts";
import { Connection } from "./connection.ts";

export interface ConnectionsOptions {
  /** Open at the same time; one more is told so and closed. */
  readonly maxConnections: number;
  readonly observer: Pick<HttpObserver, "connections" | "connectionRejected">;
}

/** Connections beyond the limit that may wait for their refusal; still more are dropped unheard. */
const MAX_EXCESS = 256;

/** How long a connection beyond the limit may take to send the request that is refused. */
const EXCESS_PATIENCE_MS = 1_000;

/** Requests that may be held up; more are let through. */
const MAX_HELD = 10_000;

/** The open connections of the HTTP port. */
export class Connections implements Iterable<Connection> {
  readonly #options: ConnectionsOptions;
  readonly #open = new Set<Connection>();
  /** Accepted, but still without a TLS session; by the client's address. */
  readonly #unsecured = new Map<string, Socket>();
  #held: (() => void)[] | undefined;
  #accepted = 0;
  #draining = false;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** Follows a server from its first connection on. */
  watch(server: Server, { tls }: { readonly tls: boolean }): void {
    const { maxConnections, observer } = this.#options;
    server.maxConnections = maxConnections + MAX_EXCESS;
    server.on("drop", () => observer.connectionRejected());
    server.on("connection", (socket: Socket) => {
      this.#accepted += 1;
      if (tls) this.#addUnsecured(socket);
      else this.#add(socket);
    });
    server.on("secureConnection", (socket: Socket) => {
      this.#unsecured.delete(addressOf(socket));
      this.#add(socket);
    });
  }

  /** From now on the last answer on each connection closes it. */
  drain(): void {
    this.#draining = true;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Connections accepted so far. */
  get accepted(): number {
    return this.#accepted;
  }

  get size(): number {
    return this.#open.size + this.#unsecured.size;
  }

  [Symbol.iterator](): Iterator<Connection> {
    return this.#open[Symbol.iterator]();
  }

  /** New requests wait until `release`. */
  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const proceed of held) proceed();
  }

  /** Calls `proceed` now, or when requests are no longer held up. */
  admit(proceed: () => void): void {
    if (this.#held === undefined || this.#held.length === MAX_HELD) proceed();
    else this.#held.push(proceed);
  }

  /** Whether requests have to wait at the moment. */
  get holding(): boolean {
    return this.#held !== undefined;
  }

  /** Ends connections that never got as far as TLS. */
  destroyUnsecured(): void {
    for (const socket of this.#unsecured.values()) socket.destroy();
  }

  #add(socket: Socket): void {
    const { maxConnections, observer } = this.#options;
    const excess = this.#open.size >= maxConnections;
    const connection = new Connection(socket, excess);
    if (excess) {
      observer.connectionRejected();
      const impatience = setTimeout(() => socket.destroy(), EXCESS_PATIENCE_MS);
      socket.once("close", () => clearTimeout(impatience));
    }
    this.#open.add(connection);
    observer.connections(1);
    socket.once("close", () => {
      this.#open.delete(connection);
      observer.connections(-1);
    });
  }

  #addUnsecured(socket: Socket): void {
    const address = addressOf(socket);
    this.#unsecured.set(address, socket);
    socket.once("close", () => {
      if (this.#unsecured.get(address) === socket) this.#unsecured.delete(address);
    });
  }
}

function addressOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}|${remotePort}`;
}
