import { setTimeout as sleep } from "node:timers/promises";
import { get, type Proxy } from "@tenant-security/testkit";
import { describe, expect, it, vi } from "vitest";
import { metric } from "../support/metrics.ts";
import { outcome } from "../support/requests.ts";
import { temporaryProxy } from "../support/world.ts";
import { clients } from "./support/clients.ts";
import { workersOf } from "./support/processes.ts";

vi.setConfig({ testTimeout: 90_000 });

const WORKERS = 2;
const env = { TSP_WORKERS: String(WORKERS) };

async function ready({ healthUrl }: Proxy) {
  const { status, json } = await get(`${healthUrl}/ready`);
  return { status, reason: (json as { reason?: string }).reason };
}

/** Kills one worker and waits until another one serves in its place. */
async function killOne(proxy: Proxy): Promise<void> {
  const before = await workersOf(proxy, WORKERS);
  const restarts = await metric(proxy.url, "tsp_worker_restarts_total");
  process.kill(before[0]!, "SIGKILL");
  await expect
    .poll(() => metric(proxy.url, "tsp_worker_restarts_total"), { timeout: 20_000 })
    .toBe(restarts + 1);
  await expect.poll(() => metric(proxy.url, "tsp_workers"), { timeout: 20_000 }).toBe(WORKERS);
}

describe("a worker that is killed", () => {
  it("is replaced, and the others go on without a failure", async () => {
    const proxy = await temporaryProxy({ env });
    const all = clients(proxy.url, 2 * WORKERS);
    for (const { wrap } of all) expect((await wrap("leased")).status).toBe(200);
    const [victim] = await workersOf(proxy, WORKERS);

    const test = new AbortController();
    const failures = Promise.all(
      all.map(async ({ wrap }) => {
        let failed = 0;
        // A connection to the killed worker breaks once; the client opens another one.
        while (!test.signal.aborted) {
          const { status } = await wrap("leased").catch(() => ({ status: 0 }));
          if (status !== 200) failed += 1;
          await sleep(5);
        }
        return failed;
      }),
    );
    process.kill(victim!, "SIGKILL");
    await expect.poll(() => metric(proxy.url, "tsp_workers"), { timeout: 30_000 }).toBe(WORKERS);
    test.abort();

    const broken = (await failures).filter((count) => count > 0);
    expect(broken.length).toBeLessThan(all.length);
    expect(await metric(proxy.url, "tsp_worker_restarts_total")).toBe(1);
    expect((await ready(proxy)).status).toBe(200);
  });

  it("takes nothing with it of what was counted before", async () => {
    const proxy = await temporaryProxy({ env });
    const series = 'tsp_key_operations_total{operation="wrap"}';
    const count =
      'tsp_request_duration_seconds_count{endpoint="/api/1/document/wrap",' +
      'kms_type="LOCAL",http_code="200",tsp_status_code="0"}';
    const all = clients(proxy.url, 2 * WORKERS);
    for (const { wrap } of all) await wrap("leased");
    expect(await metric(proxy.url, series)).toBe(all.length);

    await killOne(proxy);
    await killOne(proxy);

    expect(await metric(proxy.url, series)).toBe(all.length);
    expect(await metric(proxy.url, count)).toBe(all.length);
    expect(await metric(proxy.url, 'tsp_requests_in_flight{endpoint="/api/1/document/wrap"}')).toBe(
      0,
    );
  });

  it("has a successor with the same tenants, leases and port", async () => {
    const proxy = await temporaryProxy({ env });
    for (const { wrap } of clients(proxy.url, 2 * WORKERS)) await wrap("leased");
    const minted = await metric(proxy.url, 'tsp_key_operations_total{operation="lease_wrap"}');

    await killOne(proxy);

    for (const { wrap } of clients(proxy.url, 2 * WORKERS)) {
      expect(outcome(await wrap("leased"))).toEqual([200, undefined]);
      expect(outcome(await wrap("unknown"))).toEqual([404, 201]);
    }
    expect(await metric(proxy.url, 'tsp_key_operations_total{operation="lease_wrap"}')).toBe(
      minted,
    );
  });

  it("is replaced while the event queue is full, too", async () => {
    const proxy = await temporaryProxy({
      env: { ...env, TSP_ENABLE_LOGDRIVER_INTEGRATION: "true", TSP_EVENT_LOG_CHANNEL_SIZE: "5" },
    });
    const count = 20;
    for (const { wrap } of clients(proxy.url, count)) await wrap("leased");

    await killOne(proxy);

    for (const { wrap } of clients(proxy.url, count)) await wrap("leased");
    expect(await metric(proxy.url, "tsp_events_accepted_total")).toBe(2 * count);
    expect(await metric(proxy.url, "tsp_real_time_security_event_failures_total")).toBe(
      2 * count - 5,
    );
  });

  it("that hangs gets one more connection and no further, and loses none in the end", async () => {
    const proxy = await temporaryProxy({ env });
    const [hung] = await workersOf(proxy, WORKERS);
    process.kill(hung!, "SIGSTOP");

    const answered: number[] = [];
    const unanswered: Promise<unknown>[] = [];
    for (const { wrap } of clients(proxy.url, 6)) {
      const answer = wrap("leased");
      const first = await Promise.race([answer, sleep(3_000, undefined)]);
      if (first === undefined) unanswered.push(answer);
      else answered.push(first.status);
    }

    expect(unanswered.length).toBeLessThanOrEqual(1);
    expect(new Set(answered)).toEqual(new Set([200]));
    for (const answer of unanswered) expect(await answer).toMatchObject({ status: 200 });
    expect(await workersOf(proxy, WORKERS)).not.toContain(hung);
  });
});

describe("workers that keep ending", () => {
  it("turn ready off, which says why, until they can be kept running again", async () => {
    const proxy = await temporaryProxy({ env });
    const killed = new Set<number>();
    while ((await ready(proxy)).status === 200) {
      const found = await workersOf(proxy, WORKERS).catch(() => []);
      const next = found.find((pid) => !killed.has(pid));
      if (next === undefined) continue;
      killed.add(next);
      process.kill(next, "SIGKILL");
    }

    const { reason } = await ready(proxy);
    expect(reason).toMatch(/keep ending|no worker/);
    expect((await get(`${proxy.healthUrl}/live`)).status).toBe(200);
    await expect
      .poll(async () => (await ready(proxy)).status, { timeout: 60_000, interval: 200 })
      .toBe(200);
  });
});
