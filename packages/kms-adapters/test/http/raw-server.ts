import { type AddressInfo, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A bare TCP server; `gone` closes it again, so that its port refuses. */
export async function listen(onSocket: (socket: Socket) => void, gone = false): Promise<number> {
  const sockets: Socket[] = [];
  const raw = createServer((socket) => {
    sockets.push(socket.on("error", () => {}));
    onSocket(socket);
  });
  await new Promise<void>((resolve) => void raw.listen(0, "127.0.0.1", resolve));
  const { port } = raw.address() as AddressInfo;
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => void raw.close(resolve));
  };
  if (gone) await close();
  else onTestFinished(close);
  return port;
}
