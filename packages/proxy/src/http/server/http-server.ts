import type { Server as HttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { FastifyInstance } from "fastify";
import type { Address } from "../../config/settings.ts";
import { type AppOptions, buildApp } from "../../app.ts";
import { Overload } from "../overload/overload.ts";
import type { HttpLogger, HttpObserver } from "../ports.ts";
import { Connections } from "./connections.ts";
import { drainConnections } from "./drain.ts";
import { type TlsPair, tlsOptions } from "./tls.ts";

export type HttpServerOptions = Omit<AppOptions, "connections" | "observer" | "overload"> & {
  readonly observer: HttpObserver;
};

/** Connections that the system may accept for us before we do. */
export const BACKLOG = 4_096;

/** The HTTP port: the app, and the connections to it from the first to the last. */
export class HttpServer {
  readonly app: FastifyInstance;
  readonly overload: Overload;
  readonly #connections: Connections;
  readonly #logger: HttpLogger;

  constructor(options: HttpServerOptions) {
    const { limits, observer, logger } = options;
    this.#connections = new Connections(limits.maxConnections, observer);
    this.#logger = logger;
    this.overload = new Overload(limits, logger);
    const { overload } = this;
    this.app = buildApp({ ...options, overload, connections: this.#connections });
  }

  /**
   * Opens the port; gives back the address with the real port.
   * @throws Error with the system's `code`, such as `EADDRINUSE`
   */
  async listen({ host, port }: Address): Promise<Address> {
    await this.app.listen({ host, port, backlog: BACKLOG });
    this.overload.shedder.start();
    // Such as too few descriptors for one more connection: no reason to end.
    this.app.server.on("error", (error: NodeJS.ErrnoException) => {
      this.#logger.error({ code: error.code }, "A connection could not be accepted");
    });
    return { host, port: (this.app.server.address() as AddressInfo).port };
  }

  /** Gets ready for connections that another process accepts. */
  async expect(): Promise<void> {
    await this.app.ready();
    this.overload.shedder.start();
    // With it `node:http` begins to look for late requests.
    this.app.server.emit("listening");
  }

  /** Takes a connection that another process accepted; one beyond the limit is told so. */
  adopt(socket: Socket, beyondLimit: boolean): void {
    // As for the connections that a server accepts by itself.
    socket.allowHalfOpen = true;
    if (beyondLimit) this.#connections.turnAway(socket);
    this.app.server.emit("connection", socket);
  }

  /** New requests wait, until `drain` lets them go on. */
  hold(): void {
    this.#connections.hold();
  }

  /** From now on every answer asks its client to connect anew, elsewhere if possible. */
  startDraining(): void {
    this.#connections.drain();
  }

  /**
   * Ends listening, lets what was sent be answered and closes every connection. What is not done
   * after `deadlineMs` is cut off; gives back whether that hit a request.
   */
  async drain(deadlineMs: number): Promise<boolean> {
    if (!this.app.server.listening) this.#connections.release();
    const cut = await drainConnections(this.app.server, this.#connections, deadlineMs);
    await this.app.close();
    this.overload.shedder.close();
    return cut;
  }

  /** New connections get the new certificate; open ones keep theirs. */
  replaceTls(pair: TlsPair): void {
    (this.app.server as unknown as HttpsServer).setSecureContext(tlsOptions(pair));
  }
}
