import { get as httpGet } from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** One server behind a balancer. A {@link Proxy} is one. */
export interface Backend {
  /** Origin of its HTTP port. */
  readonly url: string;
  /** Origin of its health port. */
  readonly healthUrl: string;
}

/** One address in front of several servers, as a Service of Kubernetes is: it looks at `/ready`. */
export interface Balancer {
  /** Origin, without a trailing slash. */
  readonly url: string;
  /** New connections go there too, once it is ready. Resolves then. */
  readonly add: (backend: Backend) => Promise<void>;
  /** No new connection goes there any more; those that are open stay. */
  readonly remove: (backend: Backend) => void;
  readonly close: () => Promise<void>;
}

const LOOK_EVERY_MS = 50;

/** Opens a balancer on a free port of loopback. It passes bytes, and knows nothing of HTTP. */
export async function openBalancer(): Promise<Balancer> {
  const backends = new Map<Backend, { ready: boolean }>();
  const open = new Set<Socket>();
  const over = new AbortController();
  let turn = 0;

  const server = createServer((client) => {
    open.add(client.once("close", () => open.delete(client)));
    const ready = [...backends].filter(([, state]) => state.ready).map(([backend]) => backend);
    turn += 1;
    const first = turn % Math.max(ready.length, 1);
    pass(client, [...ready.slice(first), ...ready.slice(0, first)]);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const looking = look();

  async function look(): Promise<void> {
    while (!over.signal.aborted) {
      const all = [...backends].map(async ([{ healthUrl }, state]) => {
        state.ready = await isReady(healthUrl);
      });
      await Promise.all(all);
      await sleep(LOOK_EVERY_MS);
    }
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async add(backend) {
      const state = { ready: false };
      backends.set(backend, state);
      while (!state.ready && !over.signal.aborted) await sleep(LOOK_EVERY_MS);
    },
    remove: (backend) => void backends.delete(backend),
    async close() {
      over.abort();
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => void server.close(resolve));
      await looking;
    },
  };
}

/** Passes bytes both ways, ends included, to the first that takes the connection. */
function pass(client: Socket, [backend, ...others]: readonly Backend[]): void {
  if (backend === undefined) {
    client.destroy();
    return;
  }
  const { hostname, port } = new URL(backend.url);
  const upstream = connect(Number(port), hostname);
  const next = (): void => pass(client, others);
  upstream.once("error", next);
  upstream.once("connect", () => {
    upstream.off("error", next).on("error", () => client.destroy());
    upstream.once("close", () => client.end());
    client.on("error", () => upstream.destroy()).once("close", () => upstream.destroy());
    client.pipe(upstream).pipe(client);
  });
}

function isReady(healthUrl: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = httpGet(`${healthUrl}/ready`, { timeout: 5_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once("timeout", () => request.destroy()).once("error", () => resolve(false));
  });
}
