import type { Server, Socket } from "node:net";
import type { HttpObserver } from "../ports.ts";
import { Connection } from "./connection.ts";

type ConnectionObserver = Pick<HttpObserver, "connections" | "connectionRejected">;

/** Connections beyond the limit that may wait for their refusal; still more are dropped unheard. */
const MAX_EXCESS = 256;

/** How long a connection beyond the limit may take to send the request that is refused. */
const EXCESS_PATIENCE_MS = 1_000;

/** Requests that may be held up; more are let through. */
const MAX_HELD = 10_000;

/** The open connections of the HTTP port. */
export class Connections implements Iterable<Connection> {
  readonly #maxConnections: number;
  readonly #observer: ConnectionObserver;
  readonly #open = new Set<Connection>();
  #excess = 0;
  /** Addresses of clients for whose connections somebody else found no room. */
  readonly #turnedAway = new Set<string>();
  /** Accepted, but still without a TLS session; by the client's address. */
  readonly #unsecured = new Map<string, Socket>();
  #held: (() => void)[] | undefined;
  #accepted = 0;
  #draining = false;

  /** One connection more than `maxConnections` is told so and closed. */
  constructor(maxConnections: number, observer: ConnectionObserver) {
    this.#maxConnections = maxConnections;
    this.#observer = observer;
  }

  /** Follows a server from its first connection on. */
  watch(server: Server, { tls }: { readonly tls: boolean }): void {
    server.maxConnections = this.#maxConnections + MAX_EXCESS;
    server.on("drop", () => this.#observer.connectionRejected());
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

  /** This connection, which is about to come, is beyond the limit. */
  turnAway(socket: Socket): void {
    const address = addressOf(socket);
    this.#turnedAway.add(address);
    socket.once("close", () => this.#turnedAway.delete(address));
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
    const turnedAway = this.#turnedAway.delete(addressOf(socket));
    const excess = turnedAway || this.#open.size - this.#excess >= this.#maxConnections;
    const connection = new Connection(socket, excess);
    if (excess) this.#addExcess(socket);
    this.#open.add(connection);
    this.#observer.connections(1);
    socket.once("close", () => {
      this.#open.delete(connection);
      this.#observer.connections(-1);
      connection.closed();
    });
  }

  #addExcess(socket: Socket): void {
    this.#observer.connectionRejected();
    this.#excess += 1;
    const impatience = setTimeout(() => socket.destroy(), EXCESS_PATIENCE_MS);
    socket.once("close", () => {
      this.#excess -= 1;
      clearTimeout(impatience);
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
