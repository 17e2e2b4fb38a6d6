import { CATALOG } from "@tenant-security/metrics";
import { DataFolder, get, type Proxy, startProxy } from "@tenant-security/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SETTINGS } from "../../proxy/src/config/catalog.ts";
import { CONTRACT } from "../src/index.ts";
import { OWNED_VARIABLES } from "../src/props/owned.ts";
import { PLAIN_VARIABLES, SECRET_VARIABLES } from "../src/props/variables.ts";

describe("The contract names what is in the proxy's catalogues", () => {
  it.for([
    ["TSP_HTTP_BIND_ADDRESS", CONTRACT.ports.http],
    ["TSP_HEALTH_BIND_ADDRESS", CONTRACT.ports.health],
    ["TSP_EVENT_BIND_ADDRESS", CONTRACT.ports.logdriver],
  ] as const)("port of %s: %i", ([variable, port]) => {
    expect(SETTINGS[variable].port).toBe(port);
  });

  it.for([
    ["TSP_DRAIN_DELAY_MS", CONTRACT.stopping.drainDelayMs],
    ["TSP_SHUTDOWN_DEADLINE_MS", CONTRACT.stopping.deadlineMs],
  ] as const)("default of %s: %i", ([variable, milliseconds]) => {
    expect(SETTINGS[variable].default).toBe(milliseconds);
  });

  it("metric to scale on", () => {
    expect(CATALOG.requestsInFlight.name).toBe(CONTRACT.scalingMetric);
  });

  it("variables, all of them", () => {
    const names = Object.keys(SETTINGS).toSorted();

    expect([...PLAIN_VARIABLES, ...SECRET_VARIABLES].toSorted()).toEqual(names);
    expect(names).toEqual(expect.arrayContaining(Object.keys(OWNED_VARIABLES)));
  });
});

describe("A running proxy keeps the contract", () => {
  const folder = new DataFolder();
  let proxy: Proxy;

  beforeAll(async () => {
    folder.configure({ version: 1, kmsConfigurations: [], tenants: [] });
    proxy = await startProxy({ folder });
  }, 90_000);

  afterAll(async () => {
    await proxy.program.stop("SIGKILL");
    folder.remove();
  });

  it.for(Object.values(CONTRACT.probes))("answers the probe %s", async (path) => {
    expect(await get(`${proxy.healthUrl}${path}`)).toMatchObject({ status: 200 });
  });

  it("serves its metrics on the HTTP port", async () => {
    const { status, text } = await get(`${proxy.url}${CONTRACT.metricsPath}`);

    expect(status).toBe(200);
    expect(text).toContain(CONTRACT.scalingMetric);
  });
});
