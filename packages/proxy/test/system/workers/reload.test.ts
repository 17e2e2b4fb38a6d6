import { primary } from "@tenant-security/testkit";
import { describe, expect, it, vi } from "vitest";
import { metric } from "../support/metrics.ts";
import { localTenants, temporaryFolder, temporaryProxy } from "../support/world.ts";
import { clients } from "./support/clients.ts";

vi.setConfig({ testTimeout: 60_000 });

const env = { TSP_WORKERS: "3" };

describe("a configuration that changes", () => {
  it("is the same in all workers as soon as one has it", async () => {
    const folder = temporaryFolder();
    const { url } = await temporaryProxy({ folder, env });
    const all = clients(url, 9);
    for (const { wrap } of all) expect((await wrap("late")).status).toBe(404);
    const document = localTenants(folder);

    folder.configure({
      ...document,
      tenants: [...document.tenants, { id: "late", configurations: [primary(11)] }],
    });
    await expect
      .poll(async () => (await all[0]!.wrap("late")).status, { timeout: 20_000, interval: 5 })
      .toBe(200);
    // What the change to the new version takes is a message to each worker.
    await new Promise((resolve) => setTimeout(resolve, 100));

    for (const { wrap } of all) expect((await wrap("late")).status).toBe(200);
    expect(await metric(url, "tsp_tenants")).toBe(document.tenants.length + 1);
  });

  it("that cannot be used leaves the last good one in all workers", async () => {
    const folder = temporaryFolder();
    const { url } = await temporaryProxy({ folder, env });
    folder.write("tenants.json", "{ broken");

    await expect
      .poll(() => metric(url, "tsp_config_refresh_failures_total"), { timeout: 20_000 })
      .toBeGreaterThan(0);

    for (const { wrap } of clients(url, 6)) expect((await wrap("leased")).status).toBe(200);
  });

  it("that is too old tells callers so, and the log in which file and why", async () => {
    const folder = temporaryFolder();
    const { program, url } = await temporaryProxy({
      folder,
      env: { ...env, TSP_CONFIG_REFRESH_INTERVAL_MS: "200", TSP_CONFIG_MAX_AGE_MS: "1000" },
    });
    const all = clients(url, 3);
    folder.write("tenants.json", "{ broken");
    await expect
      .poll(async () => (await all[0]!.wrap("leased")).status, { timeout: 20_000 })
      .toBe(500);

    for (const { wrap } of all) expect((await wrap("leased")).text).not.toContain("tenants.json");

    const tellers = () => {
      const told = program.log.filter(({ message }) => /too old.*tenants\.json/.test(message));
      return new Set(told.map(({ worker }) => worker));
    };
    await expect.poll(tellers).toEqual(new Set([0, 1, 2]));
  });

  it("is not there at the start: mistakes are told, with exit code 78", async () => {
    const folder = temporaryFolder();
    folder.write("tenants.json", "{ broken");

    await expect(temporaryProxy({ folder, env })).rejects.toThrow(/tenants\.json/);
  });
});
