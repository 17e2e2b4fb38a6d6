import { describe, expect, it } from "vitest";
import { MAX_EVENT_BYTES } from "../../src/events/event.ts";
import { EventRecorder } from "../../src/events/recorder.ts";
import type { Call } from "../../src/keys/ports.ts";
import { aCall, codeOf, KeptEvents } from "./helpers.ts";

const LOGIN = { event: "USER_LOGIN", timestampMillis: Date.UTC(2026, 2, 1) };

describe("the limit of 64 KiB", () => {
  it.for([
    ["plain", "x", 1],
    ["two-byte", "é", 2],
    ["escaped", "\n", 2],
    ["long escaped", "\u0001", 6],
  ] as const)("holds to the byte for %s characters", async ([, character, bytes]) => {
    const { recorder, events } = aRecorder();
    recorder.securityEvent(filled(""), LOGIN);
    const free = MAX_EVENT_BYTES - Buffer.byteLength(events.taken[0] ?? "");
    const most = character.repeat(Math.floor(free / bytes)) + "y".repeat(free % bytes);

    recorder.securityEvent(filled(most), LOGIN);
    const refused = await codeOf(() => recorder.securityEvent(filled(`${most}y`), LOGIN));

    expect(Buffer.byteLength(events.taken[1] ?? "")).toBe(MAX_EVENT_BYTES);
    expect(refused).toEqual([102, 413]);
  });

  it.for([
    ["custom fields", { customFields: { note: "x".repeat(70_000) } }],
    ["the name of a custom field", { customFields: { ["x".repeat(70_000)]: "" } }],
    ["the requesting id", { iclFields: { requestingId: "x".repeat(70_000) } }],
    ["an optional field", { iclFields: { requestingId: "u", objectId: "x".repeat(70_000) } }],
    ["the tenant id", { tenantId: "x".repeat(70_000) }],
    ["many tiny custom fields", { customFields: tinyFields(9_000) }],
  ] as const)("refuses too much in %s before the operation", async ([, change]) => {
    const { recorder } = aRecorder();

    expect(await codeOf(() => recorder.admit(aCall(change)))).toEqual([102, 413]);
  });

  it("counts the new tenant of a rekey", async () => {
    const { recorder } = aRecorder();

    expect(await codeOf(() => recorder.admit(aCall(), "x".repeat(70_000)))).toEqual([102, 413]);
  });

  it("admits every call whose events fit, whatever their name", () => {
    const { recorder, events } = aRecorder();
    const call = filled("x".repeat(MAX_EVENT_BYTES - 400));

    recorder.admit(call);
    recorder.record("CUSTOM_KEY_DERIVE", call);

    expect(Buffer.byteLength(events.taken[0] ?? "")).toBeLessThanOrEqual(MAX_EVENT_BYTES);
  });

  it("holds with events off", async () => {
    const recorder = new EventRecorder({ sink: undefined, mode: "drop" });
    const call = filled("x".repeat(MAX_EVENT_BYTES));

    expect(await codeOf(() => recorder.admit(call))).toEqual([102, 413]);
    expect(await codeOf(() => recorder.securityEvent(call, LOGIN))).toEqual([102, 413]);
  });
});

function aRecorder() {
  const events = new KeptEvents();
  return { events, recorder: new EventRecorder({ sink: events, mode: "drop" }) };
}

function filled(note: string): Call {
  return aCall({ customFields: { note } });
}

function tinyFields(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [n.toString(36), ""]));
}
