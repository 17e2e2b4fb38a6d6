import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { get } from "@tenant-security/testkit";

const LOOK_EVERY_MS = 100;
const LOOK_DEADLINE_MS = 2_000;

/** A proxy behind the balancer. */
export interface Backend {
  readonly url: string;
  readonly healthUrl: string;
}

/**
 * A TCP balancer as simple as they come: it hands each new connection to the next backend whose
 * `/ready` said 200 when it last asked, never moves a connection, and never tries a second backend.
 */
export class Balancer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #ready = new Map<Backend, boolean>();
  readonly #connections = new Map<Backend, number>();
  #turn = 0;

  private constructor() {
    // Each side may end its half while the other still speaks.
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  }

  static async start(): Promise<Balancer> {
    const balancer = new Balancer();
    await new Promise<void>((resolve) => {
      balancer.#server.listen(0, "127.0.0.1", resolve);
    });
    return balancer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Follows a backend until it is removed; resolves as soon as it is ready. */
  async add(backend: Backend): Promise<void> {
    this.#ready.set(backend, await isReady(backend));
    void this.#follow(backend);
    while (this.#ready.get(backend) === false) await sleep(LOOK_EVERY_MS);
  }

  remove(backend: Backend): void {
    this.#ready.delete(backend);
  }

  /** Connections that a backend has been given. */
  connections(backend: Backend): number {
    return this.#connections.get(backend) ?? 0;
  }

  async close(): Promise<void> {
    this.#ready.clear();
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((closed) => void this.#server.close(closed));
  }

  async #follow(backend: Backend): Promise<void> {
    while (this.#ready.has(backend)) {
      const ready = await isReady(backend);
      if (this.#ready.has(backend)) this.#ready.set(backend, ready);
      await sleep(LOOK_EVERY_MS);
    }
  }

  #accept(client: Socket): void {
    const backend = this.#next();
    if (backend === undefined) {
      client.destroy();
      return;
    }
    this.#connections.set(backend, this.connections(backend) + 1);
    const { hostname, port } = new URL(backend.url);
    this.#join(client, connect({ host: hostname, port: Number(port), allowHalfOpen: true }));
  }

  #next(): Backend | undefined {
    const ready = [...this.#ready].flatMap(([backend, isUp]) => (isUp ? [backend] : []));
    this.#turn += 1;
    return ready[this.#turn % ready.length];
  }

  #join(client: Socket, upstream: Socket): void {
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(from);
      from.pipe(to);
      // A side that breaks takes the other one along.
      from.once("error", () => to.destroy());
      from.once("close", () => this.#sockets.delete(from));
    }
  }
}

async function isReady({ healthUrl }: Backend): Promise<boolean> {
  return get(`${healthUrl}/ready`, { timeoutMs: LOOK_DEADLINE_MS }).then(
    ({ status }) => status === 200,
    () => false,
  );
}
