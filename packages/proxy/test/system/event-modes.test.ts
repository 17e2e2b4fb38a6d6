import { EventReader } from "@tenant-security/testkit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { eventually } from "./support/eventually.ts";
import { metric } from "./support/metrics.ts";
import { body, outcome, post, WRAP } from "./support/requests.ts";
import { temporaryProxy } from "./support/world.ts";

vi.setConfig({ testTimeout: 120_000 });

const ROOM = 40;
const CALLERS = 20;

async function startProxy(mode: "drop" | "require") {
  const env = {
    TSP_ENABLE_LOGDRIVER_INTEGRATION: "true",
    TSP_EVENT_MODE: mode,
    TSP_EVENT_LOG_CHANNEL_SIZE: String(ROOM),
  };
  return temporaryProxy({ env });
}

/** Wraps from many callers at once; gives the request ids of those that got a key. */
async function load(origin: string, name: string, wraps: number): Promise<ReadonlySet<string>> {
  const succeeded = new Set<string>();
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < wraps) {
      const requestId = `${name}-${next}`;
      next += 1;
      const iclFields = { requestingId: "service", requestId };
      const [status, code] = outcome(await post(origin, WRAP, body("leased", { iclFields })));
      if (status === 200) succeeded.add(requestId);
      else if (code !== 301) throw new Error(`a wrap was answered ${status}, code ${code}`);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return succeeded;
}

async function books(origin: string) {
  const read = (name: string) => metric(origin, `tsp_${name}`);
  const reasons = ["BYTES_FULL", "CLOSED", "EVENT_TOO_LARGE", "QUEUE_FULL", "SEND_FAILED"];
  const drops = await Promise.all(
    [...reasons, "SEND_TIMEOUT"].map((reason) => read(`events_dropped_total{reason="${reason}"}`)),
  );
  return {
    accepted: await read("events_accepted_total"),
    sent: await read("events_sent_total"),
    held: await read("event_queue_length"),
    dropped: drops.reduce((sum, count) => sum + count, 0),
    failures: await read("real_time_security_event_failures_total"),
  };
}

/** Reads until these requests' events are all there; gives the ids of the ones that came. */
async function heard(reader: EventReader, wanted: ReadonlySet<string>): Promise<string[]> {
  const ids = (): string[] => reader.pending.map(({ iclFields }) => String(iclFields.requestId));
  return eventually(ids, (found) => found.length >= wanted.size);
}

function readerOf(endpoint: string): EventReader {
  const reader = new EventReader(endpoint);
  onTestFinished(() => reader.close());
  return reader;
}

describe("require mode under load", () => {
  it("gives out as many keys as there is room for events, and has an event for each key", async () => {
    const { url, eventsUrl } = await startProxy("require");

    const alone = await load(url, "alone", 400);
    expect(alone.size).toBe(ROOM);
    const { failures, ...ledger } = await books(url);
    expect(ledger).toEqual({ accepted: ROOM, sent: 0, held: ROOM, dropped: 0 });
    expect(failures).toBe(400 - ROOM);

    const reader = readerOf(eventsUrl);
    await eventually(
      () => metric(url, "tsp_event_queue_length"),
      (length) => length === 0,
    );
    const beside = await load(url, "beside", 2_000);
    expect(beside.size).toBeGreaterThan(0);

    const keys = new Set([...alone, ...beside]);
    expect((await heard(reader, keys)).toSorted()).toEqual([...keys].toSorted());
    const end = await books(url);
    expect(end).toMatchObject({ accepted: keys.size, sent: keys.size, held: 0, dropped: 0 });
    expect(end.failures).toBe(2_400 - keys.size);
  });
});

describe("drop mode under load", () => {
  it("gives out every key, and counts each event that nobody got", async () => {
    const { url, eventsUrl } = await startProxy("drop");

    expect((await load(url, "alone", 400)).size).toBe(400);
    const full = await books(url);
    expect(full).toMatchObject({ accepted: 400, sent: 0, held: ROOM, dropped: 400 - ROOM });
    expect(full.failures).toBe(400 - ROOM);

    const reader = readerOf(eventsUrl);
    expect((await load(url, "beside", 2_000)).size).toBe(2_000);
    const end = await eventually(
      () => books(url),
      ({ held }) => held === 0,
    );

    expect(end.accepted).toBe(2_400);
    expect(end.sent + end.dropped).toBe(2_400);
    expect(end.failures).toBe(end.dropped);
    const got = await eventually(
      () => reader.pending.length,
      (length) => length >= end.sent,
    );
    expect(got).toBe(end.sent);
  });
});
