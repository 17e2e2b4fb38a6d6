import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import type { HttpServer } from "../../../src/http/server/http-server.ts";
import { createHttp } from "../support/start.ts";

/** Longer than the time between two looks at the event loop. */
const TURN_MS = 250;

it.for([
  ["listens", (server: HttpServer) => server.listen({ host: "127.0.0.1", port: 0 })],
  ["gets its connections from another process", (server: HttpServer) => server.expect()],
] as const)("a server that %s notices that its event loop is late", async ([, open]) => {
  const { server } = createHttp();
  await open(server);

  for (let turn = 0; turn < 3; turn += 1) await keepBusy();

  expect(server.overload.shedder.delayMs).toBeGreaterThan(0);
});

async function keepBusy(): Promise<void> {
  const end = performance.now() + TURN_MS;
  while (performance.now() < end);
  await sleep(0);
}
