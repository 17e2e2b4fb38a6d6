import type { AddressInfo } from "node:net";
import { API_KEY } from "@tenant-security/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { buildApp } from "../../src/app.ts";
import { Connections } from "../../src/http/server/connections.ts";
import { FakeKeys } from "./support/fake-keys.ts";
import { RawClient, requestBytes } from "./support/raw-client.ts";
import { FakeEvents, FakeLogger, FakeObserver, LIMITS, METADATA } from "./support/start.ts";
import { until } from "./support/until.ts";

const WRAP = "/api/1/document/wrap";
const BODY = JSON.stringify(METADATA);

describe("a body that arrives while requests are held up", () => {
  it.for([
    ["whole", [requestBytes(WRAP, BODY)]],
    ["in part", [requestBytes(WRAP, BODY).slice(0, -5), BODY.slice(-5)]],
  ] as const)("is read all the same: %s", async ([, [early, late = ""]]) => {
    const { connections, origin } = await startHeld();
    const client = await RawClient.open(origin);

    client.write(early);
    await until(() => bytesRead(connections) === early.length);
    connections.release();
    client.write(late);

    expect((await client.answer()).status).toBe(200);
    client.write(early + late);
    expect((await client.answer()).status).toBe(200);
  });
});

async function startHeld(): Promise<{ connections: Connections; origin: string }> {
  const observer = new FakeObserver();
  const connections = new Connections(LIMITS.maxConnections, observer);
  const app = buildApp({
    apiKeys: [API_KEY],
    keys: new FakeKeys(),
    events: new FakeEvents(),
    logger: new FakeLogger(),
    scrape: () => Promise.reject(new Error("nobody scrapes")),
    limits: LIMITS,
    observer,
    connections,
  });
  connections.hold();
  await app.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => app.close());
  return { connections, origin: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}` };
}

function bytesRead(connections: Connections): number {
  const [connection] = connections;
  return connection?.socket.bytesRead ?? 0;
}
