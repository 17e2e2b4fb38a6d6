import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A line in front of a server: it takes its time, counts, and may fall silent. */
export interface Relay {
  /** `127.0.0.1:port` */
  readonly host: string;
  /** Connections that are open now, and the most that ever were. */
  readonly open: () => number;
  readonly peak: () => number;
  /** Takes whatever is sent and answers nothing, to new connections too. */
  readonly silence: () => void;
  readonly speak: () => void;
  readonly close: () => Promise<void>;
}

/** A line to `port` of this machine whose answers take `delayMs`. */
export async function openRelay(port: number, delayMs = 0): Promise<Relay> {
  const open = new Set<Socket>();
  let peak = 0;
  let silent = false;

  const server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    open.add(client);
    peak = Math.max(peak, open.size);
    client.once("close", () => {
      open.delete(client);
      upstream.destroy();
    });
    upstream.once("close", () => client.destroy());
    client.on("error", () => {}).on("data", (chunk) => silent || upstream.write(chunk));
    const pass = (chunk: Buffer): unknown => client.destroyed || client.write(chunk);
    upstream
      .on("error", () => {})
      .on("data", (chunk: Buffer) => {
        if (delayMs === 0) pass(chunk);
        else setTimeout(pass, delayMs, chunk);
      });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    open: () => open.size,
    peak: () => peak,
    silence: () => (silent = true),
    speak: () => (silent = false),
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}
