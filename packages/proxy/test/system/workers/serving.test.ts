import { API_KEY, childrenOf, get, RawSocket } from "@tenant-security/testkit";
import { describe, expect, it, vi } from "vitest";
import { metric } from "../support/metrics.ts";
import { BATCH_WRAP, body, outcome, UNWRAP, type Wrapped, wrap } from "../support/requests.ts";
import { sharedProxy } from "../support/shared-proxy.ts";
import { temporaryProxy } from "../support/world.ts";
import { clients } from "./support/clients.ts";
import { workersOf } from "./support/processes.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const WORKERS = 3;
const proxy = sharedProxy({ TSP_WORKERS: String(WORKERS), LOG_LEVEL: "debug" });

describe("a proxy of several processes", () => {
  it("has as many workers as it was told", async () => {
    expect(await workersOf(proxy, WORKERS)).toHaveLength(WORKERS);
    expect(await metric(proxy.url, "tsp_workers")).toBe(WORKERS);
  });

  it("unwraps at any worker what any other wrapped, with and without a lease", async () => {
    const all = clients(proxy.url, 2 * WORKERS);
    for (const tenantId of ["leased", "unleased"]) {
      const wrapped = await Promise.all(all.map(async ({ wrap }) => (await wrap(tenantId)).json));
      for (const [index, one] of wrapped.entries()) {
        const { dek, edek } = one as Wrapped;
        const members = { encryptedDocumentKey: edek };
        const other = all[(index + 1) % all.length]!;
        const { json } = await other.post(UNWRAP, body(tenantId, members));
        expect(json).toEqual({ dek });
      }
    }
  });

  it("counts every request once, whichever worker had it", async () => {
    const series = 'tsp_key_operations_total{operation="wrap"}';
    const before = await metric(proxy.url, series);
    const all = clients(proxy.url, 2 * WORKERS);

    await Promise.all(all.map(({ wrap }) => wrap("leased")));
    await all[0]!.post(BATCH_WRAP, body("leased", { documentIds: ["a", "b", "c"] }));

    expect((await metric(proxy.url, series)) - before).toBe(all.length + 3);
  });

  it("shows histograms whose buckets add up to their count", async () => {
    await wrap(proxy.url, "leased");
    const { text } = await get(`${proxy.url}/metrics`);
    const name = "tsp_request_duration_seconds";
    const of = (suffix: string) =>
      text.split("\n").filter((line) => line.startsWith(name + suffix) && line.includes("/wrap"));

    const last = of("_bucket").filter((line) => line.includes('le="+Inf"'));
    const counts = of("_count").map((line) => line.split(" ").at(-1));
    expect(last.map((line) => line.split(" ").at(-1))).toEqual(counts);
    expect(counts.length).toBeGreaterThan(0);
  });

  it("shows each series once, and each metric with its help and type once", async () => {
    const { text } = await get(`${proxy.url}/metrics`);
    const lines = text.split("\n").filter((line) => line !== "");
    const names = lines.map((line) => (line.startsWith("#") ? line : line.split(" ")[0]));

    expect(names.length).toBe(new Set(names).size);
  });

  it("counts open connections over all workers", async () => {
    const before = await metric(proxy.url, "tsp_http_connections");
    const sockets = await Promise.all(
      Array.from({ length: 2 * WORKERS }, () => RawSocket.open(proxy.url)),
    );

    await expect
      .poll(async () => (await metric(proxy.url, "tsp_http_connections")) - before)
      .toBeGreaterThanOrEqual(2 * WORKERS);
    for (const socket of sockets) socket.close();
    await expect
      .poll(() => metric(proxy.url, "tsp_http_connections"))
      .toBeLessThanOrEqual(before + 1);
  });

  it("says nothing of a key or a credential in what its processes log", () => {
    expect(proxy.program.stdout).not.toContain(API_KEY);
    expect(proxy.program.stderr).toBe("");
  });
});

describe("a proxy of one process", () => {
  it("starts no other", async () => {
    const { program, url } = await temporaryProxy({ env: { TSP_WORKERS: "1" } });
    await wrap(url, "leased");

    expect(childrenOf(program.process.pid ?? 0)).toEqual([]);
    expect(await metric(url, "tsp_workers")).toBe(1);
  });
});

describe("a limit of connections", () => {
  it("is one for all workers together", async () => {
    const env = { TSP_WORKERS: "2", TSP_MAX_CONNECTIONS: "4" };
    const { url } = await temporaryProxy({ env });
    const open = clients(url, 4);
    for (const { wrap } of open) expect((await wrap("leased")).status).toBe(200);

    const [late] = clients(url, 1);

    await expect.poll(async () => outcome(await late!.wrap("leased"))).toEqual([503, 100]);
  });
});
