import { get, send } from "@tenant-security/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { HealthServer } from "../../src/health/server.ts";
import { HealthState } from "../../src/health/state.ts";
import { RawClient, requestBytes } from "../http/support/raw-client.ts";
import { METADATA, startHttp } from "../http/support/start.ts";
import { until } from "../http/support/until.ts";

describe("the health port", () => {
  it("follows the state", async () => {
    const { origin, state } = await startHealth();
    const statuses = async () => {
      const answers = ["/live", "/ready", "/health"].map((path) => get(origin + path));
      return (await Promise.all(answers)).map(({ status }) => status);
    };

    expect(await statuses()).toEqual([200, 500, 500]);
    state.serve();
    expect(await statuses()).toEqual([200, 200, 200]);
    state.stale("too old");
    expect(await statuses()).toEqual([200, 500, 500]);
    state.drain();
    expect(await statuses()).toEqual([500, 500, 500]);
  });

  it.for([
    ["/ready", "GET", 200, { status: "serving" }],
    ["/ready?verbose=1", "GET", 200, { status: "serving" }],
    ["/ready", "HEAD", 200, undefined],
    ["/ready", "POST", 405, { message: expect.any(String) }],
    ["/", "GET", 404, { message: expect.stringContaining("/live, /ready, /health") }],
    ["/ready/", "GET", 404, { message: expect.any(String) }],
    ["/metrics", "GET", 404, { message: expect.any(String) }],
    ["/api/1/document/wrap", "POST", 404, { message: expect.any(String) }],
  ] as const)("answers %s by %s with %i", async ([path, method, status, json]) => {
    const { origin, state } = await startHealth();
    state.serve();

    const answer = await send(origin + path, "", { method });

    expect([answer.status, answer.json]).toEqual([status, json]);
    expect(answer.headers["content-type"]).toBe("application/json");
  });

  it("says which port it got, and fails when the port is taken", async () => {
    const { origin } = await startHealth();
    const second = new HealthServer(new HealthState());

    const port = Number(new URL(origin).port);

    await expect(second.listen({ host: "127.0.0.1", port })).rejects.toMatchObject({
      code: "EADDRINUSE",
    });
  });

  it("closes at once, with connections open", async () => {
    const { origin, server } = await startHealth();
    const client = await RawClient.open(origin);

    await server.close();

    expect(await client.end()).not.toBe("open");
    await expect(RawClient.open(origin)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it("answers while the HTTP port is saturated", async () => {
    const { origin, state } = await startHealth();
    state.serve();
    const http = await startHttp({ limits: { maxConnections: 50 } });
    http.keys.wrap = () => new Promise(() => {});
    const bytes = requestBytes("/api/1/document/wrap", JSON.stringify(METADATA));
    const clients = await Promise.all(
      Array.from({ length: 50 }, () => RawClient.open(http.origin)),
    );
    for (const client of clients) client.write(bytes);
    await until(() => http.observer.open.get("/api/1/document/wrap") === 50);

    expect(await get(`${origin}/ready`)).toMatchObject({ status: 200 });
    expect(await http.post("/api/1/document/unwrap")).toMatchObject({ status: 503 });
  });
});

async function startHealth() {
  const state = new HealthState();
  const server = new HealthServer(state);
  const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => server.close());
  return { origin: `http://127.0.0.1:${port}`, state, server };
}
