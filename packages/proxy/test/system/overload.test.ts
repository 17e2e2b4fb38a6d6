import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { get, type Proxy, RawSocket, TEST_WORKERS } from "@tenant-security/testkit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { eventually } from "./support/eventually.ts";
import { metric } from "./support/metrics.ts";
import { processesOf } from "./support/processes.ts";
import { apiRequest, BATCH_WRAP, body, post, wrap, WRAP } from "./support/requests.ts";
import { temporaryProxy } from "./support/world.ts";

vi.setConfig({ testTimeout: 120_000 });

const IDS = Array.from({ length: 10_000 }, (_, index) => `document-${index}`);
const LARGEST_BATCH = body("leased", { documentIds: IDS });

/** What all that is allowed to cost: without bounds it is more than a GiB. */
const MAX_GROWTH_MIB = 250;

function megabytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1_024;
}

/** By how much the resident set of a process grows at most while `work` runs; of the largest one. */
async function growthOf(proxy: Proxy, work: () => Promise<void>): Promise<number> {
  await wrap(proxy.url, "leased");
  const before = new Map(processesOf(proxy).map((pid) => [pid, megabytes(pid)]));
  let most = 0;
  const looking = setInterval(() => {
    for (const [pid, size] of before) most = Math.max(most, megabytes(pid) - size);
  }, 20);
  try {
    await work();
  } finally {
    clearInterval(looking);
  }
  return most;
}

const batchesInFlight = 'tsp_requests_in_flight{endpoint="/api/1/document/batch-wrap"}';
const itemsUnderWay = 'tsp_batch_items{state="under_way"}';

describe.runIf(process.platform === "linux")("the memory of a proxy", () => {
  it("stays bounded when a client pipelines batches and reads nothing, and work ends with it", async () => {
    const proxy = await temporaryProxy();
    const growth = await growthOf(proxy, async () => {
      const socket = await RawSocket.open(proxy.url);
      socket.pause();
      const bytes = apiRequest(BATCH_WRAP, LARGEST_BATCH);
      for (let count = 0; count < 100; count += 1) socket.write(bytes);
      await eventually(
        () => metric(proxy.url, 'tsp_key_operations_total{operation="wrap"}'),
        (wraps) => wraps > 10_000,
      );
      await sleep(2_000);
      socket.close();
    });

    expect(growth).toBeLessThan(MAX_GROWTH_MIB);
    expect(await eventually(() => metric(proxy.url, batchesInFlight), isZero)).toBe(0);
    expect(await eventually(() => metric(proxy.url, itemsUnderWay), isZero)).toBe(0);
    const wraps = await metric(proxy.url, 'tsp_key_operations_total{operation="wrap"}');
    await sleep(500);
    expect(await metric(proxy.url, 'tsp_key_operations_total{operation="wrap"}')).toBe(wraps);
  });

  it("stays bounded when many connections send the largest batches, which are all served", async () => {
    const proxy = await temporaryProxy();
    const statuses: number[] = [];
    const growth = await growthOf(proxy, async () => {
      const sending = Array.from({ length: 20 }, () =>
        post(proxy.url, BATCH_WRAP, LARGEST_BATCH, { timeoutMs: 60_000 }),
      );
      for (const answer of await Promise.all(sending)) statuses.push(answer.status);
    });

    expect(statuses).toEqual(statuses.map(() => 200));
    expect(growth).toBeLessThan(MAX_GROWTH_MIB);
  });
});

describe("a proxy that gets more than it can do", () => {
  it("refuses some requests and serves others, and serves all when it is over", async () => {
    const { url } = await temporaryProxy({ env: { TSP_OVERLOAD_DELAY_MS: "20" } });
    const shed = 'tsp_requests_shed_total{reason="delay"}';
    const load = Array.from({ length: 16 * TEST_WORKERS }, () => pipeline(url));

    expect(
      await eventually(
        () => metric(url, shed),
        (refused) => refused > 0,
      ),
    ).toBeGreaterThan(0);
    const wrapped = 'tsp_key_operations_total{operation="wrap"}';
    const before = await metric(url, wrapped);
    expect(
      await eventually(
        () => metric(url, wrapped),
        (wraps) => wraps > before + 1_000,
      ),
    ).toBeGreaterThan(before);
    for (const stop of load) stop();

    expect(await eventually(() => metric(url, "tsp_request_shed_share"), isZero)).toBe(0);
    for (let count = 0; count < 20; count += 1) await wrap(url, "leased");
  });
});

describe("a proxy at full speed", () => {
  it("refuses none of 512 connections that each have one request under way", async () => {
    const { url } = await temporaryProxy();
    const request = apiRequest(WRAP, body("leased"));
    const sockets = await Promise.all(Array.from({ length: 512 }, () => RawSocket.open(url)));
    onTestFinished(() => {
      for (const socket of sockets) socket.close();
    });

    const statuses = await Promise.all(
      sockets.map(async (socket) => {
        const seen: number[] = [];
        for (let count = 0; count < 10; count += 1) {
          socket.write(request);
          seen.push((await socket.answer(60_000)).status);
        }
        return seen;
      }),
    );

    expect(new Set(statuses.flat())).toEqual(new Set([200]));
    expect(await metric(url, 'tsp_requests_shed_total{reason="delay"}')).toBe(0);
  });

  it("answers health and scrapes while many batches wait for their turn", async () => {
    const proxy = await temporaryProxy({ env: { TSP_MAX_IN_FLIGHT_BATCH_ITEMS: "1000" } });
    const sending = Array.from({ length: 30 }, () =>
      post(proxy.url, BATCH_WRAP, LARGEST_BATCH, { timeoutMs: 90_000 }),
    );
    await eventually(
      () => metric(proxy.url, 'tsp_batch_items{state="waiting"}'),
      (items) => items > 0,
    );

    for (const path of ["/live", "/ready", "/health"]) {
      expect((await get(proxy.healthUrl + path, { timeoutMs: 20_000 })).status).toBe(200);
    }
    expect((await wrap(proxy.url, "leased")).dek).toHaveLength(44);
    for (const { status } of await Promise.all(sending)) expect([200, 503]).toContain(status);
  });
});

/** What opens the body of each answer, and is nowhere else in it: counting has to cost next to nothing. */
const BRACE = "{".charCodeAt(0);

/** Keeps 200 requests under way on one connection, until it is stopped. */
function pipeline(origin: string): () => void {
  const { hostname, port } = new URL(origin);
  const request = apiRequest(WRAP, body("leased"));
  const hundred = Buffer.concat(Array.from({ length: 100 }, () => request));
  const socket = connect(Number(port), hostname);
  let answers = 0;
  socket.on("error", () => {});
  socket.on("data", (bytes: Buffer) => {
    for (let at = bytes.indexOf(BRACE); at >= 0; at = bytes.indexOf(BRACE, at + 1)) answers += 1;
    for (; answers >= 100; answers -= 100) socket.write(hundred);
  });
  socket.write(Buffer.concat([hundred, hundred]));
  const stop = (): void => void socket.destroy();
  onTestFinished(stop);
  return stop;
}

function isZero(value: number): boolean {
  return value === 0;
}
