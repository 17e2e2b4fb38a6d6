import { setTimeout as sleep } from "node:timers/promises";
import { get, type Proxy, TEST_WORKERS } from "@tenant-security/testkit";
import { describe, expect, it, vi } from "vitest";
import { eventually } from "../support/eventually.ts";
import { metric } from "../support/metrics.ts";
import { BATCH_WRAP, body, outcome, post, WRAP, wrap } from "../support/requests.ts";
import { lineTo, manager, proxyWith } from "./support/manager.ts";

vi.setConfig({ testTimeout: 120_000 });

const OPEN = "tsp_kms_breaker_open";
const transitions = (to: string): string => `tsp_kms_breaker_transitions_total{to="${to}"}`;

async function codeOf({ url }: Proxy, tenant: string): Promise<number> {
  return outcome(await post(url, WRAP, body(tenant), { timeoutMs: 100_000 }))[1] ?? 0;
}

async function keyOf({ url }: Proxy, tenant: string): Promise<boolean> {
  return (await wrap(url, tenant)).dek.length === 44;
}

/** A tenant whose KMS is well, and one whose KMS is behind a line that can fall silent. */
async function twoTenants(env: Readonly<Record<string, string>> = {}, descriptors?: number) {
  const kms = await manager();
  const [well, ill] = [await lineTo(kms), await lineTo(kms)];
  const tenants = [
    { id: "well", kms, host: well.host },
    { id: "ill", kms, host: ill.host },
  ];
  const limit = descriptors === undefined ? {} : { descriptors };
  const { proxy, configure } = await proxyWith(tenants, { env, ...limit });
  // Both have a token: what hangs from now on are calls for keys.
  for (const { id } of tenants) await wrap(proxy.url, id);
  return { proxy, configure, tenants, well, ill, kms };
}

describe("the bulkhead of a configuration", () => {
  it("answers 209 at once when it is full, while the others still wait", async () => {
    const { proxy, ill } = await twoTenants({
      TSP_KMS_CONCURRENCY: "2",
      TSP_KMS_QUEUE_SIZE: "3",
      TSP_KMS_TIMEOUT_MS: "2000",
    });
    ill.silence();

    const order: number[] = [];
    const calls = Array.from({ length: 20 }, async () => {
      order.push(await codeOf(proxy, "ill"));
    });
    await Promise.all(calls);

    expect(order.slice(0, 15)).toEqual(Array.from({ length: 15 }, () => 209));
    for (const code of order.slice(15)) expect([208, 209]).toContain(code);
    ill.speak();
  });
});

describe("a KMS that takes everything and answers nothing", () => {
  it.for([[undefined], [1_024]] as const)(
    "keeps no other tenant waiting, with %s descriptors",
    async ([descriptors]) => {
      const { proxy, ill } = await twoTenants({ TSP_KMS_TIMEOUT_MS: "3000" }, descriptors);
      ill.silence();
      const over = new AbortController();
      const documentIds = Array.from({ length: 500 }, (_, index) => `id-${index}`);
      const flood = Promise.all([
        post(proxy.url, BATCH_WRAP, body("ill", { documentIds }), { timeoutMs: 100_000 }),
        ...Array.from({ length: 50 }, async () => {
          while (!over.signal.aborted) {
            await codeOf(proxy, "ill");
            // Once the breaker is open answers come at once: this machine has better things to do.
            await sleep(100);
          }
        }),
      ]);
      expect(await eventually(ill.open, (open) => open >= 16)).toBeGreaterThanOrEqual(16);

      let slowest = 0;
      for (let count = 0; count < 300; count += 1) {
        const started = performance.now();
        expect(await keyOf(proxy, "well")).toBe(true);
        slowest = Math.max(slowest, performance.now() - started);
      }
      over.abort();
      await flood;

      // Far below the time that a call to the silent one takes.
      expect(slowest).toBeLessThan(2_000);
    },
  );
});

describe("the circuit breaker, as metrics show it", () => {
  it("opens at a KMS that is silent, lets one call try, and closes when that is answered", async () => {
    const { proxy, ill } = await twoTenants({ TSP_KMS_TIMEOUT_MS: "300" });
    expect(await metric(proxy.url, OPEN)).toBe(0);
    ill.silence();

    for (let count = 0; count < 5; count += 1) expect(await codeOf(proxy, "ill")).toBe(208);

    expect(await metric(proxy.url, OPEN)).toBe(1);
    expect(await metric(proxy.url, transitions("open"))).toBe(1);
    expect(await keyOf(proxy, "well")).toBe(true);

    ill.speak();
    expect(
      await eventually(
        () => codeOf(proxy, "ill"),
        (code) => code === 0,
      ),
    ).toBe(0);
    expect(await metric(proxy.url, OPEN)).toBe(0);
    expect(await metric(proxy.url, transitions("half_open"))).toBe(1);
    expect(await metric(proxy.url, transitions("closed"))).toBe(1);
    const lines = (await get(`${proxy.url}/metrics`)).text.split("\n");
    const labels = lines.filter((line) => line.startsWith("tsp_kms_breaker")).join("\n");
    expect(labels).not.toMatch(/ill|well|configuration|tenant/);
  });

  it("is not opened by credentials, missing permissions, disabled keys or throttling", async () => {
    const { proxy, kms } = await twoTenants();
    const { fake, credentials } = kms;
    const states = [
      [() => (fake.throttled = true), 209, () => (fake.throttled = false)],
      [() => (fake.unlicensed = true), 210, () => (fake.unlicensed = false)],
      [() => kms.revoke(), 207, () => kms.restore()],
    ] as const;

    for (const [begin, code, end] of states) {
      await begin();
      for (let count = 0; count < 10; count += 1) expect(await codeOf(proxy, "ill")).toBe(code);
      await end();
      expect(await codeOf(proxy, "ill")).toBe(0);
    }

    expect(credentials["username"]).toBe("tsp-service");
    expect(await metric(proxy.url, transitions("open"))).toBe(0);
  });

  it("is forgotten with its configuration", async () => {
    const { proxy, ill, configure, tenants } = await twoTenants({
      TSP_KMS_TIMEOUT_MS: "200",
      TSP_CONFIG_REFRESH_INTERVAL_MS: "500",
    });
    ill.silence();
    for (let count = 0; count < 5; count += 1) await codeOf(proxy, "ill");
    expect(await metric(proxy.url, OPEN)).toBe(1);

    configure(tenants.slice(0, 1));

    expect(
      await eventually(
        () => metric(proxy.url, OPEN),
        (open) => open === 0,
      ),
    ).toBe(0);
  });
});

describe("a configuration that changes", () => {
  it("is used by the next call, while calls under way finish as they began", async () => {
    const kms = await manager();
    const slow = await lineTo(kms, 300);
    const tenants = [{ id: "acme", kms, host: slow.host }];
    const { proxy, configure } = await proxyWith(tenants);
    const other = kms.fake.createUser({ name: "another-user" });
    const begun = wrap(proxy.url, "acme");
    await eventually(slow.open, (open) => open > 0);

    const credentials = {
      ...kms.credentials,
      username: other.name,
      password: other.password,
    };
    configure([{ id: "acme", kms: { ...kms, credentials }, host: slow.host }]);
    const users = () => kms.server.requests.filter(({ path }) => path.endsWith("/tokens"));
    const named = (name: string) => users().filter(({ body: text }) => text.includes(name)).length;
    await eventually(
      async () => (await wrap(proxy.url, "acme")) && named("another-user"),
      (count) => count > 0,
    );

    expect((await begun).dek).toHaveLength(44);
    // Each process signs in for itself, and once.
    for (const name of ["tsp-service", "another-user"]) {
      expect(named(name)).toBeGreaterThan(0);
      expect(named(name)).toBeLessThanOrEqual(TEST_WORKERS);
    }
  });
});
