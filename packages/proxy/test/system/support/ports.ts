import { createServer, type Server } from "node:net";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A port on loopback that is taken until the test is over. */
export async function takenPort(): Promise<number> {
  const server = await listening();
  onTestFinished(() => void server.close());
  return portOf(server);
}

/** A port on loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = await listening();
  const port = portOf(server);
  await new Promise((resolve) => void server.close(resolve));
  return port;
}

async function listening(): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
