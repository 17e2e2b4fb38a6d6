import { setTimeout as sleep } from "node:timers/promises";
import {
  EventReader,
  FakeVault,
  honest,
  primary,
  type VaultBehaviour,
  vaultConfiguration,
} from "@tenant-security/testkit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { eventually } from "../support/eventually.ts";
import { metric } from "../support/metrics.ts";
import { BATCH_WRAP, body, outcome, UNWRAP, type Wrapped } from "../support/requests.ts";
import { temporaryFolder, temporaryProxy } from "../support/world.ts";
import { clients } from "./support/clients.ts";

vi.setConfig({ testTimeout: 90_000 });

const CLIENTS = 6;
const env = { TSP_WORKERS: "3", TSP_ENABLE_LOGDRIVER_INTEGRATION: "true" };

/** So late that all who ask do so meanwhile. */
const slowly: VaultBehaviour = async (call) => {
  await sleep(500);
  return honest(call);
};

describe("events of several workers", () => {
  it("come out of one socket, each once", async () => {
    const { url, eventsUrl } = await temporaryProxy({ env });
    const reader = new EventReader(eventsUrl);
    onTestFinished(() => reader.close());
    const all = clients(url, CLIENTS);
    for (const { wrap } of all) for (let each = 0; each < 20; each += 1) await wrap("leased");

    await eventually(
      () => reader.pending.length,
      (count) => count >= CLIENTS * 20,
    );

    const rays = new Set(reader.pending.map(({ iclFields }) => iclFields.tspRayId));
    expect([reader.pending.length, rays.size]).toEqual([CLIENTS * 20, CLIENTS * 20]);
    expect(await metric(url, "tsp_events_accepted_total")).toBe(CLIENTS * 20);
  });

  it("are held up to one capacity for all of them, and counted beyond it", async () => {
    const capacity = 50;
    const { url } = await temporaryProxy({
      env: { ...env, TSP_EVENT_LOG_CHANNEL_SIZE: String(capacity) },
    });
    const all = clients(url, CLIENTS);

    for (const { wrap } of all) for (let each = 0; each < 20; each += 1) await wrap("leased");

    const made = CLIENTS * 20;
    expect(await metric(url, "tsp_events_accepted_total")).toBe(made);
    expect(await metric(url, "tsp_event_queue_length")).toBe(capacity);
    expect(await metric(url, "tsp_real_time_security_event_failures_total")).toBe(made - capacity);
  });

  it("tell of every attempt on another tenant's EDEK, though one worker asked the KMS for all", async () => {
    const vault = await FakeVault.start({ shared: slowly });
    onTestFinished(() => vault.close());
    const folder = temporaryFolder();
    const entry = vaultConfiguration(1, { address: vault.url, keyName: "shared" });
    folder.configure({
      version: 1,
      kmsConfigurations: [{ ...entry, leasingAllowed: true }],
      tenants: ["acme", "thief"].map((id) => ({ id, configurations: [primary(1)] })),
    });
    const { url, eventsUrl } = await temporaryProxy({
      folder,
      env: { ...env, TSP_KMS_ALLOWED_HOSTS: vault.url },
    });
    const reader = new EventReader(eventsUrl);
    onTestFinished(() => reader.close());
    const all = clients(url, CLIENTS);
    const { edek } = (await all[0]!.wrap("acme")).json as Wrapped;
    for (const { wrap } of all) await wrap("nobody");
    const before = vault.calls.get("shared") ?? 0;

    const attempt = body("thief", { encryptedDocumentKey: edek });
    const answers = await Promise.all(all.map(({ post }) => post(UNWRAP, attempt)));

    for (const answer of answers) expect(outcome(answer)).toEqual([400, 203]);
    expect((vault.calls.get("shared") ?? 0) - before).toBe(1);
    const denied = () => reader.pending.filter(({ tenantId }) => tenantId === "thief");
    await eventually(
      () => denied().length,
      (count) => count >= CLIENTS,
    );
    const names = denied().map(({ iclFields }) => iclFields.event);
    expect(names).toEqual(Array(CLIENTS).fill("DATA_DENY_ACCESS"));
  });
});

describe("events that are required, of several workers", () => {
  const required = { ...env, TSP_EVENT_MODE: "require" };

  it("let every operation through while a reader keeps up, also batches", async () => {
    const { url, eventsUrl } = await temporaryProxy({ env: required });
    const reader = new EventReader(eventsUrl);
    onTestFinished(() => reader.close());
    const documentIds = Array.from({ length: 1_000 }, (_, index) => `${index}`);

    const answers = await Promise.all(
      clients(url, CLIENTS).map(({ post }) => post(BATCH_WRAP, body("leased", { documentIds }))),
    );

    for (const { json } of answers) expect(json).toMatchObject({ failures: {} });
    await eventually(
      () => reader.pending.length,
      (count) => count >= CLIENTS * 1_000,
    );
    expect(reader.pending).toHaveLength(CLIENTS * 1_000);
  });

  it("let as many operations through as the queue holds, and refuse the next", async () => {
    const capacity = 40;
    const { url } = await temporaryProxy({
      env: { ...required, TSP_EVENT_LOG_CHANNEL_SIZE: String(capacity) },
    });
    const all = clients(url, CLIENTS);
    const outcomes: string[] = [];

    for (let round = 0; round < 10; round += 1) {
      for (const { wrap } of all) outcomes.push(outcome(await wrap("leased")).join(" "));
    }

    const refused = outcomes.filter((each) => each === "422 301").length;
    expect(outcomes.filter((each) => each === "200 ")).toHaveLength(capacity);
    expect(refused).toBe(CLIENTS * 10 - capacity);
    expect(await metric(url, "tsp_events_accepted_total")).toBe(capacity);
    expect(await metric(url, "tsp_real_time_security_event_failures_total")).toBe(refused);
  });
});
