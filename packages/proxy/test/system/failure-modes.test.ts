import { writeFileSync } from "node:fs";
import {
  get,
  honest,
  localConfiguration,
  type Proxy,
  RawSocket,
  refusing,
  type VaultBehaviour,
} from "@tenant-security/testkit";
import { beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { eventually } from "./support/eventually.ts";
import { metric } from "./support/metrics.ts";
import { apiRequest, BATCH_WRAP, body, DERIVE, outcome, post, WRAP } from "./support/requests.ts";
import { startVaultProxy, vaultProxy } from "./support/vault-proxy.ts";
import { localTenants, temporaryFolder, temporaryProxy } from "./support/world.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

// What docs/deploy/failure-modes.md says of status, code and metric, row by row. How each part behaves
// in detail has tests of its own.

const KMS_CALLS = "tsp_kms_request_duration_seconds_count";
const FAILURES = "tsp_real_time_security_event_failures_total";

const silent: VaultBehaviour = () => new Promise(() => {});

const KMS_FAULTS: readonly (readonly [string, VaultBehaviour, number, number, string])[] = [
  ["closes-connections", () => ({ status: 0, body: "", broken: "before" }), 503, 208, "0"],
  ["is-silent", silent, 503, 208, "0"],
  ["has-inner-trouble", refusing(500, { errors: ["internal"] }), 503, 208, "500"],
  ["throttles", refusing(429, { errors: ["slow down"] }), 429, 209, "429"],
  ["refuses-credentials", refusing(403, { errors: ["denied"] }), 403, 206, "403"],
  ["has-no-such-key", refusing(404, { errors: ["no handler"] }), 422, 207, "404"],
  ["has-the-key-disabled", refusing(400, { errors: ["disallowed by policy"] }), 422, 207, "400"],
  ["answers-nonsense", refusing(200, { data: {} }), 502, 204, "200"],
];

describe("a KMS that", () => {
  let proxy: Proxy;

  beforeAll(async () => {
    const behaviours = Object.fromEntries(KMS_FAULTS.map(([name, behaviour]) => [name, behaviour]));
    const started = await startVaultProxy(behaviours, { env: { TSP_KMS_TIMEOUT_MS: "1000" } });
    ({ proxy } = started);
    return started.stop;
  });

  it.for(KMS_FAULTS)("%s", async ([tenant, , status, code, httpCode]) => {
    const series = `${KMS_CALLS}{kms_operation="wrap",kms_type="VAULT",http_code="${httpCode}"}`;
    const before = await metric(proxy.url, series);

    expect(outcome(await post(proxy.url, WRAP, body(tenant)))).toEqual([status, code]);
    expect(await metric(proxy.url, series)).toBeGreaterThan(before);
  });

  it("is away, opens its breaker after five requests at most, and no other fault does", async () => {
    for (const [tenant] of KMS_FAULTS) {
      for (let count = 0; count < 5; count += 1) await post(proxy.url, WRAP, body(tenant));
    }

    // Those with 208.
    expect(await metric(proxy.url, "tsp_kms_breaker_open")).toBe(3);
  });
});

describe("a leased tenant", () => {
  it.for([
    ["loses access", 403, "denied", [403, 206], "access_denied"],
    ["has its key disabled", 400, "disallowed by policy", [422, 207], "key_unavailable"],
  ] as const)("that %s is refused after the next refresh", async ([, at, error, seen, reason]) => {
    let behaviour = honest;
    const { proxy } = await vaultProxy(
      { kms: (call) => behaviour(call) },
      { leased: true, env: { TSP_CONFIG_REFRESH_INTERVAL_MS: "300" } },
    );
    const tried = async () => outcome(await post(proxy.url, WRAP, body("kms")));
    expect(await tried()).toEqual([200, undefined]);

    behaviour = refusing(at, { errors: [error] });

    expect(await eventually(tried, ([status]) => status !== 200)).toEqual(seen);
    const series = `tsp_lease_revocations_total{reason="${reason}"}`;
    expect(await metric(proxy.url, series)).toBe(1);
  });

  it("that gets another configuration leaves no lease of the old one", async () => {
    const folder = temporaryFolder();
    const { url } = await temporaryProxy({ folder });
    expect(outcome(await post(url, WRAP, body("leased")))).toEqual([200, undefined]);
    const { kmsConfigurations, tenants } = localTenants(folder);
    const changed = localConfiguration(11, { leased: true, keyFiles: [folder.key("new.key")] });

    folder.configure({
      version: 1,
      tenants,
      kmsConfigurations: kmsConfigurations.map((each) => (each.id === 11 ? changed : each)),
    });

    const series = 'tsp_lease_revocations_total{reason="configuration_changed"}';
    await expect.poll(() => metric(url, series), { timeout: 20_000 }).toBe(1);
    expect(await metric(url, 'tsp_leases{origin="minted"}')).toBe(0);
  });
});

describe("the configuration", () => {
  it("that has one configuration nobody can use hurts its tenants alone", async () => {
    const folder = temporaryFolder();
    const { tenants, kmsConfigurations } = localTenants(folder);
    const broken = { id: 12, type: "NOTHING", keyPath: {}, credentials: {} };
    folder.configure({
      version: 1,
      tenants,
      kmsConfigurations: kmsConfigurations.map((each) => (each.id === 12 ? broken : each)),
    });
    const { url, healthUrl } = await temporaryProxy({ folder });

    expect(outcome(await post(url, WRAP, body("unleased")))).toEqual([422, 207]);
    expect(outcome(await post(url, WRAP, body("leased")))).toEqual([200, undefined]);
    expect(await metric(url, "tsp_kms_configurations_unusable")).toBe(1);
    expect((await get(`${healthUrl}/ready`)).status).toBe(200);
  });
});

describe("events that nobody reads", () => {
  it.for([
    ["drop", [200, undefined], true],
    ["require", [422, 301], false],
  ] as const)("count as failures in the mode %s", async ([mode, seen, drops]) => {
    const { url } = await temporaryProxy({
      env: {
        TSP_ENABLE_LOGDRIVER_INTEGRATION: "true",
        TSP_EVENT_MODE: mode,
        TSP_EVENT_LOG_CHANNEL_SIZE: "3",
      },
    });
    const failed = await eventually(
      async () => {
        const answer = outcome(await post(url, WRAP, body("leased")));
        return { answer, failures: await metric(url, FAILURES) };
      },
      ({ failures }) => failures > 0,
    );

    expect(failed.answer).toEqual(seen);
    expect(await metric(url, "tsp_event_queue_length")).toBe(3);
    expect(await metric(url, "tsp_event_queue_capacity")).toBe(3);
    const ofReason = () => metric(url, 'tsp_events_dropped_total{reason="SEND_TIMEOUT"}');
    const dropped = await eventually(ofReason, (count) => count > 0 === drops);
    expect(dropped > 0).toBe(drops);
  });
});

describe("limits", () => {
  it("turn a batch away that is too long", async () => {
    const { url } = await temporaryProxy({ env: { TSP_MAX_BATCH_SIZE: "1000" } });
    const documentIds = Array.from({ length: 1_001 }, (_, index) => `${index}`);

    const answer = await post(url, BATCH_WRAP, body("leased", { documentIds }));

    expect(outcome(answer)).toEqual([413, 102]);
  });

  it("turn a connection away that is one too many", async () => {
    const { url } = await temporaryProxy({ env: { TSP_MAX_CONNECTIONS: "1" } });
    const request = apiRequest(WRAP, body("leased"));
    const [first, second] = [await RawSocket.open(url), await RawSocket.open(url)];
    onTestFinished(() => [first, second].forEach((socket) => socket.close()));
    first.write(request);
    expect((await first.answer()).status).toBe(200);

    second.write(request);

    const { status, body: text } = await second.answer();
    expect([status, JSON.parse(text)]).toEqual([
      503,
      { code: 100, message: expect.stringMatching(/connections/) },
    ]);
    first.close();
    const rejected = () => metric(url, "tsp_http_connections_rejected_total").catch(() => 0);
    expect(await eventually(rejected, (count) => count > 0)).toBeGreaterThan(0);
  });
});

describe("a disk that takes no tenant secret", () => {
  it("refuses derivation of new paths alone", async () => {
    const folder = temporaryFolder();
    // Root writes into read-only folders; nobody writes below a file.
    writeFileSync(folder.file("tenant-secrets"), "");
    const { url } = await temporaryProxy({ folder });
    const derive = { derivationType: "sha512", secretType: "search", paths: { p: ["a"] } };

    expect(outcome(await post(url, DERIVE, body("leased", derive)))).toEqual([422, 401]);
    expect(outcome(await post(url, WRAP, body("leased")))).toEqual([200, undefined]);
  });
});
