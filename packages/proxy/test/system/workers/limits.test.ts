import { setTimeout as sleep } from "node:timers/promises";
import { honest, type VaultBehaviour } from "@tenant-security/testkit";
import { describe, expect, it, vi } from "vitest";
import { eventually } from "../support/eventually.ts";
import { outcome } from "../support/requests.ts";
import { vaultProxy } from "../support/vault-proxy.ts";
import { clients } from "./support/clients.ts";
import { workersOf } from "./support/processes.ts";

vi.setConfig({ testTimeout: 60_000 });

const WORKERS = 3;
const env = { TSP_WORKERS: String(WORKERS), TSP_KMS_TIMEOUT_MS: "60000" };

/** Answers each request after 100 ms, and knows how many calls it had at once: some come together. */
function counting() {
  const seen = { running: 0, most: 0 };
  const behaviour: VaultBehaviour = async (call) => {
    seen.most = Math.max(seen.most, (seen.running += call.inputs.length));
    await sleep(100);
    seen.running -= call.inputs.length;
    return honest(call);
  };
  return { seen, behaviour };
}

/** Answers nothing before it is let go. */
function held() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const behaviour: VaultBehaviour = async (call) => {
    await promise;
    return honest(call);
  };
  return { behaviour, letGo: resolve };
}

describe("calls to the KMS of one configuration", () => {
  it.for([[1], [2], [4]] as const)(
    "are never more than the %i that the whole proxy may have under way",
    async ([limit]) => {
      const { seen, behaviour } = counting();
      const { proxy } = await vaultProxy(
        { acme: behaviour },
        { env: { ...env, TSP_KMS_CONCURRENCY: String(limit) } },
      );

      const answers = await Promise.all(
        clients(proxy.url, 8 * WORKERS).map(({ wrap }) => wrap("acme")),
      );

      expect(answers.map(({ status }) => status)).toEqual(Array(8 * WORKERS).fill(200));
      expect(seen.most).toBe(limit);
    },
  );

  it("wait at one place for all workers, and are 209 at once when that is full", async () => {
    const { behaviour, letGo } = held();
    const { proxy } = await vaultProxy(
      { acme: behaviour },
      { env: { ...env, TSP_KMS_CONCURRENCY: "2", TSP_KMS_QUEUE_SIZE: "3" } },
    );
    const refused: unknown[] = [];
    const served = Promise.all(
      clients(proxy.url, 20).map(async ({ wrap }) => {
        const [status, code] = outcome(await wrap("acme"));
        if (status !== 200) refused.push(code);
        return status;
      }),
    );

    await eventually(
      () => refused.length,
      (count) => count >= 15,
    );
    expect(refused).toEqual(Array(15).fill(209));
    letGo();

    expect((await served).filter((status) => status === 200)).toHaveLength(5);
    expect(refused).toHaveLength(15);
  });

  it("do not wait for those of a worker that has ended", async () => {
    let calls = 0;
    const { behaviour } = held();
    const { proxy, vault } = await vaultProxy(
      { acme: (call) => ((calls += 1) === 1 ? behaviour(call) : honest(call)) },
      { env: { ...env, TSP_KMS_CONCURRENCY: "1" } },
    );
    const [first] = clients(proxy.url, 1);
    const lost = first!.wrap("acme").catch(() => "lost");
    await eventually(
      () => vault.calls.get("acme") ?? 0,
      (count) => count > 0,
    );

    for (const pid of await workersOf(proxy, WORKERS)) process.kill(pid, "SIGKILL");

    expect(await lost).toBe("lost");
    const [next] = clients(proxy.url, 1);
    expect((await next!.wrap("acme")).status).toBe(200);
  });
});
