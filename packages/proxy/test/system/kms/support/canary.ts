import { type AddressInfo, createServer } from "node:net";

/** A server that nobody should ever connect to. */
export interface Canary {
  readonly port: number;
  /** Connections so far. */
  readonly visits: () => number;
  readonly close: () => Promise<void>;
}

export async function startCanary(): Promise<Canary> {
  let visits = 0;
  const server = createServer((socket) => {
    visits += 1;
    socket.on("error", () => {}).destroy();
  });
  // Both families where there are two.
  await new Promise<void>((resolve) => void server.listen(0, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    visits: () => visits,
    close: async () => void (await new Promise((resolve) => void server.close(resolve))),
  };
}
