import { get } from "@tenant-security/testkit";
import { describe, expect, it, vi } from "vitest";
import { eventually } from "./support/eventually.ts";
import { metric } from "./support/metrics.ts";
import { localTenants, temporaryFolder, temporaryProxy } from "./support/world.ts";

vi.setConfig({ testTimeout: 90_000 });

describe.for([
  ["one process", "1"],
  ["two workers", "2"],
] as const)("the metric tsp_ready of %s", ([, workers]) => {
  it("says what /ready says: well, too old a configuration, well again, draining", async () => {
    const folder = temporaryFolder();
    const document = localTenants(folder);
    const { url, healthUrl, program } = await temporaryProxy({
      folder,
      env: {
        TSP_WORKERS: workers,
        TSP_CONFIG_REFRESH_INTERVAL_MS: "200",
        TSP_CONFIG_MAX_AGE_MS: "1500",
        TSP_DRAIN_DELAY_MS: "20000",
      },
    });
    const ready = async () => (await get(`${healthUrl}/ready`)).status;
    const becomes = async (status: number): Promise<number> => {
      expect(await eventually(ready, (seen) => seen === status)).toBe(status);
      return metric(url, "tsp_ready");
    };

    expect(await becomes(200)).toBe(1);
    folder.replace("tenants.json", "broken: [");
    expect(await becomes(500)).toBe(0);
    folder.configure(document);
    expect(await becomes(200)).toBe(1);
    program.signal("SIGTERM");
    expect(await becomes(500)).toBe(0);
  });

  it("stands beside none on a certificate where there is no TLS", async () => {
    const { url } = await temporaryProxy({ env: { TSP_WORKERS: workers } });

    const { text } = await get(`${url}/metrics`);

    expect(text).toMatch(/^tsp_ready 1$/m);
    expect(text).not.toMatch(/^tsp_tls_certificate_expiry_timestamp_seconds /m);
  });
});
