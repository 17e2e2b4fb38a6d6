import { FakeVault, honest, primary, vaultConfiguration } from "@tenant-security/testkit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { FIELD, openEdek } from "../support/edek.ts";
import { metric } from "../support/metrics.ts";
import { BATCH_WRAP, body, outcome, UNWRAP, type Wrapped } from "../support/requests.ts";
import { vaultProxy } from "../support/vault-proxy.ts";
import { temporaryFolder, temporaryProxy } from "../support/world.ts";
import { clients } from "./support/clients.ts";
import { workersOf } from "./support/processes.ts";

vi.setConfig({ testTimeout: 60_000 });

const CLIENTS = 8;
const env = { TSP_WORKERS: "3" };

describe("the lease of a tenant", () => {
  it("is made once for all workers, and its KMS asked once", async () => {
    const { proxy, vault } = await vaultProxy({ acme: honest }, { leased: true, env });

    const answers = await Promise.all(clients(proxy.url, CLIENTS).map(({ wrap }) => wrap("acme")));

    const leases = answers.map(({ json }) => leaseIdOf(json as Wrapped));
    expect(new Set(leases).size).toBe(1);
    expect(vault.calls.get("acme")).toBe(1);
  });

  it("is opened once for all workers when another proxy made it", async () => {
    const { proxy, vault } = await vaultProxy({ acme: honest }, { leased: true, env });
    const [maker] = clients(proxy.url, 1);
    const { edek } = (await maker!.wrap("acme")).json as Wrapped;
    const folder = leasedAt(vault.url);
    const other = await temporaryProxy({
      folder,
      env: { ...env, TSP_KMS_ALLOWED_HOSTS: vault.url },
    });
    const before = vault.calls.get("acme") ?? 0;

    const answers = await Promise.all(
      clients(other.url, CLIENTS).map((client) =>
        client.post(UNWRAP, body("acme", { encryptedDocumentKey: edek })),
      ),
    );

    expect(answers.map(({ status }) => status)).toEqual(Array(CLIENTS).fill(200));
    expect((vault.calls.get("acme") ?? 0) - before).toBe(1);
  });

  it("wraps no more under all workers together than its cipher allows", async () => {
    const { proxy } = await vaultProxy(
      { acme: honest },
      {
        leased: true,
        env: { ...env, TSP_LEASE_CIPHER: "aes-256-gcm", TSP_LEASE_MAX_WRAPS: "30" },
      },
    );
    const used = new Map<number, number>();

    await Promise.all(
      clients(proxy.url, CLIENTS).map(async (client) => {
        const documentIds = Array.from({ length: 25 }, (_, index) => `${index}`);
        const { json } = await client.post(BATCH_WRAP, body("acme", { documentIds }));
        for (const wrapped of Object.values((json as { keys: Record<string, Wrapped> }).keys)) {
          const id = leaseIdOf(wrapped);
          used.set(id, (used.get(id) ?? 0) + 1);
        }
      }),
    );

    expect([...used.values()].reduce((sum, each) => sum + each, 0)).toBe(CLIENTS * 25);
    expect(Math.max(...used.values())).toBeLessThanOrEqual(30);
  });

  it("wraps no more than that when workers are replaced, which begin with a part of their own", async () => {
    const { proxy } = await vaultProxy(
      { acme: honest },
      {
        leased: true,
        env: { TSP_WORKERS: "2", TSP_EDEK_BINDING: "none", TSP_LEASE_MAX_WRAPS: "40" },
      },
    );
    const used = new Map<number, number>();

    for (let restarts = 0; restarts < 3; restarts += 1) {
      const workers = await workersOf(proxy, 2);
      await expect.poll(() => metric(proxy.url, "tsp_workers"), { timeout: 20_000 }).toBe(2);
      for (const { wrap } of clients(proxy.url, 2)) {
        for (let each = 0; each < 15; each += 1) {
          const id = leaseIdOf((await wrap("acme")).json as Wrapped);
          used.set(id, (used.get(id) ?? 0) + 1);
        }
      }
      process.kill(workers[0]!, "SIGKILL");
      await expect.poll(() => workersOf(proxy, 2)).not.toEqual(workers);
    }

    expect([...used.values()].reduce((sum, each) => sum + each, 0)).toBe(90);
    expect(Math.max(...used.values())).toBeLessThanOrEqual(40);
  });

  it("is gone from all workers after a refresh when its KMS refuses it", async () => {
    let allowed = true;
    const vault = await FakeVault.start({
      acme: (call) =>
        allowed
          ? honest(call)
          : { status: 403, body: JSON.stringify({ errors: ["permission denied"] }) },
    });
    onTestFinished(() => vault.close());
    const folder = leasedAt(vault.url);
    const proxy = await temporaryProxy({
      folder,
      env: {
        ...env,
        TSP_KMS_ALLOWED_HOSTS: vault.url,
        TSP_CONFIG_REFRESH_INTERVAL_MS: "1000",
      },
    });
    const all = clients(proxy.url, CLIENTS);
    for (const { wrap } of all) expect((await wrap("acme")).status).toBe(200);

    allowed = false;

    const answers = async () =>
      Promise.all(all.map(async ({ wrap }) => outcome(await wrap("acme"))));
    await expect
      .poll(answers, { timeout: 20_000 })
      .toEqual(Array.from({ length: CLIENTS }, () => [403, 206]));
    allowed = true;
    await expect
      .poll(answers, { timeout: 20_000 })
      .toEqual(Array.from({ length: CLIENTS }, () => [200, undefined]));
  });
});

function leaseIdOf({ edek }: Wrapped): number {
  return Number(openEdek(edek).get(FIELD.leaseId));
}

/** The tenant that `vaultProxy` makes, for another proxy. */
function leasedAt(address: string) {
  const folder = temporaryFolder();
  folder.configure({
    version: 1,
    kmsConfigurations: [
      { ...vaultConfiguration(1, { address, keyName: "acme" }), leasingAllowed: true },
    ],
    tenants: [{ id: "acme", configurations: [primary(1)] }],
  });
  return folder;
}
