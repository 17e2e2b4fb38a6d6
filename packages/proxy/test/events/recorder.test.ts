import { createHash } from "node:crypto";
import { Compile } from "typebox/schema";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { MAX_EVENT_BYTES } from "../../src/events/event.ts";
import { EventRecorder } from "../../src/events/recorder.ts";
import type { Call } from "../../src/keys/ports.ts";
import { committedSchema } from "./committed-schema.ts";
import { aCall, codeOf, KeptEvents } from "./helpers.ts";

const LOGIN = { event: "USER_LOGIN", timestampMillis: Date.UTC(2026, 2, 1) };
const ONE_WRAP = new Map([["Cg==", { wraps: 1, unwraps: 0 }]]);
const NOON = Date.UTC(2026, 2, 1, 12);

describe("recording uses of keys", () => {
  it("offers one event for each use, with the time it happened", () => {
    let now = NOON;
    const { recorder, events } = aRecorder({ now: () => now });

    recorder.record("DATA_ENCRYPT", aCall());
    now += 1;
    recorder.record("DATA_DECRYPT", aCall({ tenantId: "globex" }));

    expect(events.parsed).toMatchObject([
      {
        tenantId: "acme",
        timestamp: "2026-03-01T12:00:00.000Z",
        iclFields: { event: "DATA_ENCRYPT" },
      },
      {
        tenantId: "globex",
        timestamp: "2026-03-01T12:00:00.001Z",
        iclFields: { event: "DATA_DECRYPT" },
      },
    ]);
  });

  it("keeps the events of one call apart by name, tenant and time", () => {
    let now = NOON;
    const { recorder, events } = aRecorder({ now: () => now });
    const call = aCall();

    recorder.record("DATA_ENCRYPT", call);
    recorder.record("DATA_ENCRYPT", call);
    recorder.record("DATA_DECRYPT", call);
    recorder.record("DATA_DECRYPT", call, "globex");
    now += 5;
    recorder.record("DATA_DECRYPT", call, "globex");

    const seen = events.parsed.map(({ tenantId, timestamp, iclFields }) => [
      tenantId,
      String(timestamp).slice(-4),
      (iclFields as { event: string }).event,
    ]);
    expect(seen).toEqual([
      ["acme", "000Z", "DATA_ENCRYPT"],
      ["acme", "000Z", "DATA_ENCRYPT"],
      ["acme", "000Z", "DATA_DECRYPT"],
      ["globex", "000Z", "DATA_DECRYPT"],
      ["globex", "005Z", "DATA_DECRYPT"],
    ]);
  });

  it("does not mix the callers of two calls that take turns", () => {
    const { recorder, events } = aRecorder();
    const first = aCall({ iclFields: { requestingId: "first" } });
    const second = aCall({ iclFields: { requestingId: "second" } });

    for (const call of [first, second, first]) recorder.record("DATA_ENCRYPT", call);

    expect(events.parsed.map((event) => event["iclFields"])).toMatchObject([
      { requestingId: "first" },
      { requestingId: "second" },
      { requestingId: "first" },
    ]);
  });

  it("writes only events that the committed schema accepts", async () => {
    const { recorder, events } = aRecorder({ now: Date.now });
    const call = aCall({ customFields: { region: "eu" } });
    recorder.record("DATA_DENY_ACCESS", call);
    recorder.record("CUSTOM_KEY_DERIVE", call);
    recorder.securityEvent(call, { event: "USER_LOGIN", timestampMillis: 8_640_000_000_000_000 });
    recorder.securityEvent(call, { event: "USER_LOGIN", timestampMillis: -8_640_000_000_000_000 });
    await recorder.reportOperations(call, new Map([["not an EDEK", { wraps: 2, unwraps: 1 }]]));

    const schema = Compile(committedSchema());

    expect(events.taken).toHaveLength(6);
    for (const event of events.parsed) expect(schema.Errors(event)).toEqual([true, []]);
  });
});

describe("events of applications", () => {
  it("carry the application's name and time", () => {
    const { recorder, events } = aRecorder();

    recorder.securityEvent(aCall(), { event: "CUSTOM_THING", timestampMillis: 1_700_000_000_123 });

    expect(events.parsed).toMatchObject([
      { timestamp: "2023-11-14T22:13:20.123Z", iclFields: { event: "CUSTOM_THING" } },
    ]);
  });
});

describe("reported operations", () => {
  it("become one event for each direction of each EDEK, and none for zero", async () => {
    const { recorder, events } = aRecorder();

    await recorder.reportOperations(
      aCall(),
      new Map([
        ["Cg==", { wraps: 2, unwraps: 5 }],
        ["what a waste", { wraps: 0, unwraps: 1 }],
        ["unused", { wraps: 0, unwraps: 0 }],
      ]),
    );

    const seen = events.parsed.map(({ count, edekSha256, iclFields }) => [
      (iclFields as { event: string }).event,
      count,
      edekSha256,
    ]);
    expect(seen).toEqual([
      ["DATA_ENCRYPT", 2, sha256("Cg==")],
      ["DATA_DECRYPT", 5, sha256("Cg==")],
      ["DATA_DECRYPT", 1, sha256("what a waste")],
    ]);
  });

  it("leave the event loop to others while there are thousands", async () => {
    const { recorder, events } = aRecorder();
    const operations = new Map(
      Array.from({ length: 5_000 }, (_, n) => [String(n), { wraps: 1, unwraps: 1 }]),
    );
    let turns = 0;
    const others = setInterval(() => (turns += 1), 0);
    onTestFinished(() => clearInterval(others));

    await recorder.reportOperations(aCall(), operations);

    expect(events.taken).toHaveLength(10_000);
    expect(turns).toBeGreaterThan(0);
  });

  it("queue nothing at all when they are too long", async () => {
    const { recorder, events } = aRecorder();
    const call = aCall({ customFields: { note: "x".repeat(MAX_EVENT_BYTES) } });

    expect(await codeOf(() => recorder.reportOperations(call, ONE_WRAP))).toEqual([102, 413]);
    expect(events.taken).toEqual([]);
  });
});

describe("a queue that is full", () => {
  it("costs the caller nothing in drop mode", () => {
    const { recorder, events, refusals } = aRecorder({ room: 1 });

    recorder.record("DATA_ENCRYPT", aCall());
    recorder.record("DATA_ENCRYPT", aCall());
    recorder.securityEvent(aCall(), LOGIN);

    expect([events.taken.length, events.dropped, refusals()]).toEqual([1, 2, 0]);
  });

  it.for([
    ["a use of a key", (r: EventRecorder, call: Call) => r.record("DATA_ENCRYPT", call)],
    ["an event", (r: EventRecorder, call: Call) => r.securityEvent(call, LOGIN)],
    ["reported operations", (r: EventRecorder, call: Call) => r.reportOperations(call, ONE_WRAP)],
  ] as const)("refuses %s in require mode, counted once", async ([, use]) => {
    const { recorder, events, refusals } = aRecorder({ room: 0, mode: "require" });

    expect(await codeOf(() => use(recorder, aCall()))).toEqual([301, 422]);
    expect([events.dropped, refusals()]).toEqual([0, 1]);
  });

  it("refuses in require mode what the queue has no bytes for", async () => {
    const { recorder, events, refusals } = aRecorder({ mode: "require" });
    vi.spyOn(events, "tryOffer").mockReturnValue(false);

    expect(await codeOf(() => recorder.record("DATA_ENCRYPT", aCall()))).toEqual([301, 422]);
    expect([events.dropped, refusals()]).toEqual([0, 1]);
  });

  it("does not hide in require mode why a key was refused, and counts the lost event", () => {
    const { recorder, events, refusals } = aRecorder({ room: 0, mode: "require" });

    recorder.record("DATA_DENY_ACCESS", aCall());

    expect([events.dropped, refusals()]).toEqual([1, 0]);
  });
});

describe("with the integration off", () => {
  it.for(["drop", "require"] as const)("refuses nothing in %s mode", async (mode) => {
    let refused = 0;
    const recorder = new EventRecorder({ sink: undefined, mode, onRefused: () => (refused += 1) });

    recorder.admit(aCall());
    recorder.record("DATA_ENCRYPT", aCall());
    recorder.securityEvent(aCall(), LOGIN);
    await recorder.reportOperations(aCall(), ONE_WRAP);

    expect(refused).toBe(0);
  });
});

interface Setup {
  readonly room?: number;
  readonly mode?: "drop" | "require";
  readonly now?: () => number;
}

function aRecorder({ room, mode = "drop", now = () => NOON }: Setup = {}) {
  const events = new KeptEvents(room);
  let refused = 0;
  const recorder = new EventRecorder({
    sink: events,
    mode,
    now,
    onRefused: () => {
      refused += 1;
    },
  });
  return { recorder, events, refusals: () => refused };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
