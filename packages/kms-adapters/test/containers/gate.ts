import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A TCP relay in front of a real server: counts connections and, on demand, lets nothing through. */
export interface Gate {
  readonly port: number;
  readonly peakSockets: () => number;
  readonly stall: () => void;
  readonly close: () => Promise<void>;
}

export async function openGate(host: string, port: number): Promise<Gate> {
  const sockets = new Set<Socket>();
  let open = 0;
  let peak = 0;
  let stalled = false;

  const server = createServer((client) => {
    const upstream = connect(port, host);
    open += 1;
    peak = Math.max(peak, open);
    client.once("close", () => (open -= 1));
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on("data", (chunk) => !stalled && to.write(chunk));
      from.on("error", () => {});
      from.once("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));

  return {
    port: (server.address() as AddressInfo).port,
    peakSockets: () => peak,
    stall: () => {
      stalled = true;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}
