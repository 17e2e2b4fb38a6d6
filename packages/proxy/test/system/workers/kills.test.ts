import { setTimeout as sleep } from "node:timers/promises";
import { EventReader } from "@tenant-security/testkit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { eventually } from "../support/eventually.ts";
import { metric } from "../support/metrics.ts";
import { BATCH_WRAP, body, outcome, UNWRAP, type Wrapped } from "../support/requests.ts";
import { temporaryProxy } from "../support/world.ts";
import { clients } from "./support/clients.ts";
import { Killer } from "./support/killer.ts";
import { Load } from "./support/load.ts";

vi.setConfig({ testTimeout: 180_000 });

const WORKERS = 2;
const env = { TSP_WORKERS: String(WORKERS), TSP_ENABLE_LOGDRIVER_INTEGRATION: "true" };

const operations = (name: string) => `tsp_key_operations_total{operation="${name}"}`;

const lookUps = (result: string) => `tsp_lease_operations_total{result="${result}"}`;

const answered = (path: string, kmsType: string, status: number, code: number) =>
  `tsp_request_duration_seconds_count{endpoint="/api/1/document/${path}",` +
  `kms_type="${kmsType}",http_code="${status}",tsp_status_code="${code}"}`;

const kmsCalls =
  'tsp_kms_request_duration_seconds_count{kms_operation="wrap",kms_type="LOCAL",http_code="200"}';

const EVENTS = "tsp_events_accepted_total";

describe("workers that are killed right after an answer", () => {
  it("leave every counter as their clients know it", async () => {
    const proxy = await temporaryProxy({ env });
    const { url } = proxy;
    const killer = await Killer.of(proxy, WORKERS);
    const rounds = 4;
    const items = 50;

    for (let round = 1; round <= rounds; round += 1) {
      const [client] = clients(url, 1);
      const { wrap, post } = client!;
      await wrap("unleased");
      for (let each = 1; each < items; each += 1) await wrap("leased");
      const { edek } = (await wrap("leased")).json as Wrapped;
      await post(UNWRAP, body("leased", { encryptedDocumentKey: edek }));
      const documentIds = Array.from({ length: items }, (_, index) => `${index}`);
      await post(BATCH_WRAP, body("leased", { documentIds }));
      const last = await wrap("unknown");
      killer.strike(WORKERS);

      expect(outcome(last)).toEqual([404, 201]);
      await killer.settled();
      const wraps = round * (items + 1);
      expect(await metric(url, operations("wrap"))).toBe(wraps + round * items);
      expect(await metric(url, operations("unwrap"))).toBe(round);
      expect(await metric(url, answered("wrap", "LOCAL", 200, 0))).toBe(wraps);
      expect(await metric(url, answered("wrap", "none", 404, 201))).toBe(round);
      expect(await metric(url, answered("unwrap", "LOCAL", 200, 0))).toBe(round);
      expect(await metric(url, answered("batch-wrap", "LOCAL", 200, 0))).toBe(round);
      expect(await metric(url, lookUps("hit"))).toBe(round);
      expect(await metric(url, kmsCalls)).toBeGreaterThanOrEqual(round);
      expect(await metric(url, EVENTS)).toBe(wraps + round * items + round);
    }
    for (const path of ["wrap", "unwrap", "batch-wrap"]) {
      const inFlight = `tsp_requests_in_flight{endpoint="/api/1/document/${path}"}`;
      expect(await metric(url, inFlight)).toBe(0);
    }
  });

  it.for(["drop", "require"])("have recorded what was answered, under load: %s", async (mode) => {
    const proxy = await temporaryProxy({ env: { ...env, TSP_EVENT_MODE: mode } });
    const { url, eventsUrl } = proxy;
    const reader = new EventReader(eventsUrl);
    onTestFinished(() => reader.close());
    const killer = await Killer.of(proxy, WORKERS);
    const load = new Load(url, 8);

    for (const pauseMs of [300, 35, 120, 210]) {
      await sleep(pauseMs);
      killer.strike(1);
      await killer.settled();
    }
    await load.stop();

    const { broken, rayIds } = load;
    expect(rayIds.size).toBeGreaterThan(100);
    const counted = [operations("wrap"), answered("wrap", "LOCAL", 200, 0), EVENTS];
    for (const series of counted) {
      const count = await metric(url, series);
      expect(count).toBeGreaterThanOrEqual(rayIds.size);
      expect(count).toBeLessThanOrEqual(rayIds.size + broken);
    }
    const missing = () => {
      const seen = new Set(reader.pending.map(({ iclFields }) => iclFields.tspRayId));
      return [...rayIds].filter((rayId) => !seen.has(rayId));
    };
    expect(await eventually(missing, ({ length }) => length === 0)).toEqual([]);
  });
});

describe("a primary that does not read events for a while", () => {
  it("holds no answer up for long, and has all of them in the end", async () => {
    const { url, program } = await temporaryProxy({ env });
    const [client] = clients(url, 1);
    const { wrap, post } = client!;
    await wrap("leased");
    const primary = program.process.pid ?? 0;
    // Their events are more than a pipe holds.
    const documentIds = Array.from({ length: 1_000 }, (_, index) => `${index}`);

    process.kill(primary, "SIGSTOP");
    const batch = await post(BATCH_WRAP, body("leased", { documentIds }));
    const single = await wrap("leased");
    process.kill(primary, "SIGCONT");

    expect([batch.status, single.status]).toEqual([200, 200]);
    expect(await metric(url, EVENTS)).toBe(1_002);
  });
});
