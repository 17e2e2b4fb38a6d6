import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Address } from "../config/settings.ts";
import type { HealthState, Probe } from "./state.ts";

const PROBES: ReadonlyMap<string, Probe> = new Map([
  ["/live", "live"],
  ["/ready", "ready"],
  ["/health", "health"],
]);

/** Probes are short. Whoever holds a connection longer takes it from one. */
const PATIENCE_MS = 5_000;
const MAX_CONNECTIONS = 512;

/**
 * The health port. It knows the state and nothing else: no KMS, no request and no other port
 * decides whether it answers.
 */
export class HealthServer {
  readonly #server: Server;

  constructor(state: Pick<HealthState, "answer">) {
    this.#server = createServer(
      {
        headersTimeout: PATIENCE_MS,
        requestTimeout: PATIENCE_MS,
        connectionsCheckingInterval: 1_000,
        keepAliveTimeout: PATIENCE_MS,
      },
      (request, response) => answer(state, request, response),
    );
    this.#server.timeout = 2 * PATIENCE_MS;
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  /**
   * Opens the port; gives back the address with the real port.
   * @throws Error with the system's `code`, such as `EADDRINUSE`
   */
  async listen({ host, port }: Address): Promise<Address> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ host, port }, () => {
        this.#server.off("error", reject);
        // Such as too few descriptors for one more connection: the next probe tries again.
        this.#server.on("error", () => {});
        resolve();
      });
    });
    return { host, port: (this.#server.address() as AddressInfo).port };
  }

  /** Closes the port and what is open on it. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}

function answer(
  state: Pick<HealthState, "answer">,
  { url = "/", method = "" }: IncomingMessage,
  response: ServerResponse,
): void {
  const [path = ""] = url.split("?", 1);
  const probe = PROBES.get(path);
  if (probe === undefined) {
    const paths = [...PROBES.keys()].join(", ");
    send(response, 404, { message: `The health port serves ${paths}` });
  } else if (method !== "GET" && method !== "HEAD") {
    response.setHeader("Allow", "GET, HEAD");
    send(response, 405, { message: "Probes are GET requests" });
  } else {
    const { healthy, body } = state.answer(probe);
    send(response, healthy ? 200 : 500, body);
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(text),
    "Cache-Control": "no-store",
  });
  response.end(text);
}
