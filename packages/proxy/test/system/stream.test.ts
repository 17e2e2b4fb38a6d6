import { EventReader } from "@tenant-security/testkit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { eventually } from "./support/eventually.ts";
import { metric } from "./support/metrics.ts";
import { BATCH_WRAP, body, outcome, post, REKEY, unwrap, WRAP, wrap } from "./support/requests.ts";
import { temporaryProxy } from "./support/world.ts";

vi.setConfig({ testTimeout: 120_000 });

async function eventProxy(env: Readonly<Record<string, string>> = {}) {
  return temporaryProxy({ env: { TSP_ENABLE_LOGDRIVER_INTEGRATION: "true", ...env } });
}

function readerOf(endpoint: string): EventReader {
  const reader = new EventReader(endpoint);
  onTestFinished(() => reader.close());
  return reader;
}

/** `accepted`, and what became of it. */
async function books(origin: string) {
  const [accepted, sent, held] = await Promise.all([
    metric(origin, "tsp_events_accepted_total"),
    metric(origin, "tsp_events_sent_total"),
    metric(origin, "tsp_event_queue_length"),
  ]);
  return { accepted, sent, held };
}

const requested = (requestId: string) => ({ iclFields: { requestingId: "s", requestId } });

describe("the stream of events", () => {
  it("delivers all that is queued when the proxy stops", async () => {
    const { url, eventsUrl, program } = await eventProxy();
    const reader = readerOf(eventsUrl);
    await wrap(url, "leased");
    await reader.next(({ tenantId }) => tenantId === "leased");
    const documentIds = Array.from({ length: 1_000 }, (_, index) => index);

    for (let count = 0; count < 5; count += 1) {
      const { status } = await post(url, BATCH_WRAP, body("leased", { documentIds }));
      expect(status).toBe(200);
    }
    expect((await program.stop()).code).toBe(0);

    const all = await eventually(
      () => reader.pending.length,
      (length) => length >= 5_000,
    );
    expect(all).toBe(5_000);
  });

  it("is shared by its readers, each event once", async () => {
    const { url, eventsUrl } = await eventProxy();
    const readers = [readerOf(eventsUrl), readerOf(eventsUrl)];
    for (const reader of readers) {
      await eventually(
        async () => {
          await wrap(url, "unleased");
          return reader.pending.length;
        },
        (length) => length > 0,
      );
    }
    const documentIds = Array.from({ length: 1_000 }, (_, index) => index);
    const iclFields = { requestingId: "service", requestId: "shared" };
    await post(url, BATCH_WRAP, body("leased", { documentIds, iclFields }));

    const shares = () =>
      readers.map(
        ({ pending }) => pending.filter((each) => each.iclFields.requestId === "shared").length,
      );
    const [a = 0, b = 0] = await eventually(shares, ([x = 0, y = 0]) => x + y >= 1_000);

    expect(a + b).toBe(1_000);
    expect(Math.min(a, b)).toBeGreaterThan(0);
  });

  it("counts what nobody reads, and slows nobody down", async () => {
    const { url } = await eventProxy({ TSP_EVENT_LOG_CHANNEL_SIZE: "10" });

    for (let count = 0; count < 100; count += 1) await wrap(url, "leased");
    const failures = await eventually(
      () => metric(url, "tsp_real_time_security_event_failures_total"),
      (count) => count >= 80,
    );
    const { accepted, sent, held } = await books(url);

    expect(accepted).toBe(100);
    expect(sent).toBe(0);
    expect(failures).toBeGreaterThanOrEqual(accepted - held - 1);
    expect(failures).toBeLessThanOrEqual(accepted - held + 11);
  });

  it("tells refusals that an auditor wants to see", async () => {
    const { url, eventsUrl } = await eventProxy();
    const reader = readerOf(eventsUrl);
    const foreign = await wrap(url, "other");
    const old = await wrap(url, "unleased");

    const notAssigned = { ...requested("not-assigned"), encryptedDocumentKey: foreign.edek };
    await post(url, "document/unwrap", body("leased", notAssigned));
    const disabled = { ...requested("disabled"), encryptedDocumentKey: old.edek };
    await post(url, "document/unwrap", body("disabled", disabled));

    for (const requestId of ["not-assigned", "disabled"]) {
      const event = await reader.next((each) => each.iclFields.requestId === requestId);
      expect(event.iclFields.event).toBe("DATA_DENY_ACCESS");
    }
  });

  it("carries both halves of a rekey, each for its tenant", async () => {
    const { url, eventsUrl } = await eventProxy();
    const reader = readerOf(eventsUrl);
    const { edek } = await wrap(url, "leased");
    const iclFields = { requestingId: "s", requestId: "move" };

    const rekey = { encryptedDocumentKey: edek, newTenantId: "other", iclFields };
    await post(url, REKEY, body("leased", rekey));

    const halves: string[] = [];
    for (let count = 0; count < 2; count += 1) {
      const { tenantId, iclFields: icl } = await reader.next(
        (each) => each.iclFields.requestId === "move",
      );
      halves.push(`${icl.event} ${tenantId}`);
    }
    expect(halves.toSorted()).toEqual(["DATA_DECRYPT leased", "DATA_ENCRYPT other"]);
  });
});

describe("events that are required", () => {
  it("refuse every use of a key as long as nobody reads, and none once somebody does", async () => {
    const { url, eventsUrl } = await eventProxy({
      TSP_EVENT_MODE: "require",
      TSP_EVENT_LOG_CHANNEL_SIZE: "5",
      TSP_SEND_LOGGING_TIMEOUT_MS: "60000",
    });
    const full = await eventually(
      async () => outcome(await post(url, WRAP, body("leased"))),
      ([status]) => status !== 200,
    );
    expect(full).toEqual([422, 301]);
    const batch = await post(url, BATCH_WRAP, body("leased", { documentIds: ["a", "b"] }));
    expect(batch.json).toMatchObject({
      keys: {},
      failures: { a: { code: 301 }, b: { code: 301 } },
    });
    expect(batch.text).not.toContain("dek");

    readerOf(eventsUrl);
    const wrapped = await eventually(
      async () => (await post(url, WRAP, body("leased"))).status,
      (status) => status === 200,
    );
    expect(wrapped).toBe(200);
    const { dek, edek } = await wrap(url, "leased");
    expect((await unwrap(url, "leased", edek)).json).toEqual({ dek });
  });
});
