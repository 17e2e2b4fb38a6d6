import { setTimeout as sleep } from "node:timers/promises";
import { honest, refusing, type VaultBehaviour } from "@tenant-security/testkit";
import { describe, expect, it, vi } from "vitest";
import { FIELD, openEdek } from "./support/edek.ts";
import { eventually } from "./support/eventually.ts";
import { metric } from "./support/metrics.ts";
import { body, outcome, post, unwrap, WRAP, wrap, type Wrapped } from "./support/requests.ts";
import { vaultProxy } from "./support/vault-proxy.ts";

vi.setConfig({ testTimeout: 120_000 });

const down = refusing(500, { errors: ["internal"] });
const denied = refusing(403, { errors: ["permission denied"] });
const leaseOf = ({ edek }: Wrapped) => openEdek(edek).get(FIELD.leaseId);

/** A leased tenant whose KMS behaves as the test says at the moment. */
async function leasedTenant(env: Readonly<Record<string, string>> = {}) {
  const kms: { behaviour: VaultBehaviour } = { behaviour: honest };
  const { proxy, vault } = await vaultProxy(
    { kms: (call) => kms.behaviour(call) },
    { leased: true, env },
  );
  return { kms, vault, ...proxy };
}

describe("a leased key", () => {
  it("is made once for callers that come at the same moment", async () => {
    const { url, vault } = await leasedTenant();

    const wrapped = await Promise.all(Array.from({ length: 100 }, () => wrap(url, "kms")));

    expect(new Set(wrapped.map(leaseOf)).size).toBe(1);
    expect(vault.calls.get("kms")).toBe(1);
    expect(await metric(url, 'tsp_key_operations_total{operation="lease_wrap"}')).toBe(1);
    expect(await metric(url, 'tsp_key_operations_total{operation="wrap"}')).toBe(100);
  });

  it("works on while the KMS is away", async () => {
    const { url, kms } = await leasedTenant({ TSP_CONFIG_REFRESH_INTERVAL_MS: "300" });
    const first = await wrap(url, "kms");
    kms.behaviour = down;

    // Several refreshes pass, each of which asks the KMS whether the lease still holds.
    await sleep(2_000);

    expect((await unwrap(url, "kms", first.edek)).json).toEqual({ dek: first.dek });
    expect(leaseOf(await wrap(url, "kms"))).toBe(leaseOf(first));
  });

  it("is dropped at the next refresh when the KMS denies access", async () => {
    const { url, kms } = await leasedTenant({ TSP_CONFIG_REFRESH_INTERVAL_MS: "300" });
    const first = await wrap(url, "kms");
    kms.behaviour = denied;

    const after = await eventually(
      async () => outcome(await unwrap(url, "kms", first.edek)),
      ([status]) => status !== 200,
    );

    expect(after).toEqual([403, 206]);
    expect(outcome(await post(url, WRAP, body("kms")))).toEqual([403, 206]);

    kms.behaviour = honest;
    expect((await unwrap(url, "kms", first.edek)).json).toEqual({ dek: first.dek });
  });

  it("is replaced when it is old, before anybody has to wait for it", async () => {
    const { url } = await leasedTenant({ TSP_LEASE_MAX_AGE_MS: "2000" });
    const first = await wrap(url, "kms");

    const later = await eventually(
      () => wrap(url, "kms"),
      (wrapped) => leaseOf(wrapped) !== leaseOf(first),
    );

    expect(leaseOf(later)).not.toBe(leaseOf(first));
    expect((await unwrap(url, "kms", first.edek)).json).toEqual({ dek: first.dek });
  });

  it("is replaced after as many wraps as its cipher allows", async () => {
    const { url } = await leasedTenant({
      TSP_LEASE_CIPHER: "aes-256-gcm",
      TSP_LEASE_MAX_WRAPS: "10",
    });
    const count = new Map<unknown, number>();
    for (let index = 0; index < 50; index += 1) {
      const lease = leaseOf(await wrap(url, "kms"));
      count.set(lease, (count.get(lease) ?? 0) + 1);
    }

    expect(count.size).toBeGreaterThanOrEqual(5);
    expect(Math.max(...count.values())).toBeLessThanOrEqual(10);
  });

  it("of another process is opened once and remembered, however few may be", async () => {
    const { url, vault } = await leasedTenant({
      TSP_LEASE_CACHE_SIZE: "1",
      TSP_LEASE_CIPHER: "aes-256-gcm",
      TSP_LEASE_MAX_WRAPS: "1",
    });
    const [first, second] = [await wrap(url, "kms"), await wrap(url, "kms")];
    const before = vault.calls.get("kms") ?? 0;

    for (let count = 0; count < 5; count += 1) {
      for (const { dek, edek } of [first, second]) {
        expect((await unwrap(url, "kms", edek)).json).toEqual({ dek });
      }
    }

    expect(vault.calls.get("kms")).toBeLessThanOrEqual(before + 10);
  });
});
