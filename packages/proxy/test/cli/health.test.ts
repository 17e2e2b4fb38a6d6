import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { HealthServer } from "../../src/health/server.ts";
import { HealthState } from "../../src/health/state.ts";
import { run } from "./world.ts";

describe("health", () => {
  it("follows the state of the proxy, probe by probe", async () => {
    const { state, env } = await aProxy();
    const codes = async () => {
      const probes = [[], ["--probe", "ready"], ["--probe", "live"], ["--probe", "health"]];
      const ran = await Promise.all(probes.map((probe) => run(["health", ...probe], env)));
      return ran.map(({ code }) => code);
    };

    expect(await codes()).toEqual([1, 1, 0, 1]);
    state.serve();
    expect(await codes()).toEqual([0, 0, 0, 0]);
    state.drain();
    expect(await codes()).toEqual([1, 1, 1, 1]);
  });

  it("shows what the proxy said", async () => {
    const { state, env } = await aProxy();
    state.serve();
    state.stale("the configuration is too old");

    const { out, err } = await run(["health"], env);

    expect(out).toContain("the configuration is too old");
    expect(err).toBe("");
  });

  it.for([
    ["127.0.0.1", "0.0.0.0"],
    ["::1", "[::]"],
  ] as const)("finds a proxy on %s that listens on %s", async ([host, wildcard]) => {
    const { state, port } = await aProxy(host);
    state.serve();

    const { code } = await run(["health"], { TSP_HEALTH_BIND_ADDRESS: `${wildcard}:${port}` });

    expect(code).toBe(0);
  });

  it("takes the shared address and the usual port where no other is set", async () => {
    const { code, err } = await run(["health"], { TSP_BIND_ADDRESS: "127.0.0.2" });

    expect(code).toBe(1);
    expect(err).toMatch(/^tenant-security-proxy: [^\n]+127\.0\.0\.2:9000[^\n]*\n$/);
  });

  it("gives up on a port that does not answer", async () => {
    const env = await anotherProgram(() => {});

    const { code, err } = await run(["health"], env);

    expect([code, err]).toEqual([1, expect.stringContaining("no answer in time")]);
  });

  it("believes no program that talks on and on", async () => {
    const env = await anotherProgram((_, response) => response.end("x".repeat(100_000)));

    const { code, err } = await run(["health"], env);

    expect([code, err]).toEqual([1, expect.stringContaining("another program")]);
  });

  it("exits with 78 for an address that is none", async () => {
    const { code, err } = await run(["health"], { TSP_HEALTH_BIND_ADDRESS: "nowhere" });

    expect([code, err]).toEqual([78, expect.stringContaining("TSP_HEALTH_BIND_ADDRESS")]);
  });

  it("wants a probe that exists", async () => {
    expect((await run(["health", "--probe", "metrics"])).code).toBe(64);
  });
});

async function aProxy(host = "127.0.0.1") {
  const state = new HealthState();
  const server = new HealthServer(state);
  const { port } = await server.listen({ host, port: 0 });
  onTestFinished(() => server.close());
  return { state, port, env: { TSP_HEALTH_BIND_ADDRESS: `${host}:${port}` } };
}

async function anotherProgram(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { TSP_HEALTH_BIND_ADDRESS: `127.0.0.1:${port}` };
}
