import { type Answer, EventReader } from "@tenant-security/testkit";
import { beforeAll, describe, expect, it, vi } from "vitest";
import {
  BATCH_WRAP,
  body,
  outcome,
  post,
  REPORT_OPERATIONS,
  SECURITY_EVENT,
  WRAP,
  wrap,
} from "./support/requests.ts";
import { sharedProxy } from "./support/shared-proxy.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const proxy = sharedProxy({ TSP_ENABLE_LOGDRIVER_INTEGRATION: "true" });
let reader: EventReader;

beforeAll(() => {
  reader = new EventReader(proxy.eventsUrl);
  return () => reader.close();
});

const icl = (members: object = {}) => ({ iclFields: { requestingId: "service", ...members } });

describe("events of applications", () => {
  it.for([
    [
      "in the icl fields, as most clients do",
      "at-icl",
      { ...icl({ requestId: "at-icl", event: "DATA_IMPORT" }) },
    ],
    [
      "at the top, as Alloy does",
      "at-top",
      { event: "DATA_IMPORT", ...icl({ requestId: "at-top" }) },
    ],
    [
      "at the top, with a null where others put it",
      "both",
      { event: "DATA_IMPORT", ...icl({ requestId: "both", event: null }) },
    ],
  ] as const)("have their name %s", async ([, requestId, members]) => {
    expect((await sendEvent(members)).text).toBe("null");

    const event = await reader.next((each) => each.iclFields.requestId === requestId);
    expect(event.iclFields.event).toBe("DATA_IMPORT");
  });

  it.for(["CREATE_BACKUP", "CUSTOM_ANYTHING", "no known name at all", "\u{1F511}"])(
    "may be named %j",
    async (event) => {
      expect((await sendEvent(icl({ event }))).text).toBe("null");
    },
  );

  it.for([
    ["milliseconds", 1_700_000_000_123, "2023-11-14T22:13:20.123Z"],
    ["a fraction, which is cut", 1_700_000_000_123.9, "2023-11-14T22:13:20.123Z"],
    ["the beginning of time", 0, "1970-01-01T00:00:00.000Z"],
    ["a moment before it", -1, "1969-12-31T23:59:59.999Z"],
  ] as const)("happen at %s", async ([name, timestampMillis, timestamp]) => {
    await sendEvent({ timestampMillis, ...icl({ event: "USER_LOGIN", requestId: name }) });

    const event = await reader.next((each) => each.iclFields.requestId === name);
    expect(event.timestamp).toBe(timestamp);
  });

  it.for([
    ["no time", undefined],
    ["a null time", null],
  ] as const)("happen now when they have %s", async ([name, timestampMillis]) => {
    const before = Date.now();
    await sendEvent({ timestampMillis, ...icl({ event: "USER_LOGIN", requestId: name }) });

    const event = await reader.next((each) => each.iclFields.requestId === name);
    expect(Date.parse(event.timestamp)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(event.timestamp)).toBeLessThanOrEqual(Date.now());
  });

  it.for([
    ["no name", {}],
    ["an empty name", { event: "" }],
    ["a name that is a number", { event: 5 }],
    ["a time that no date can hold", { event: "A", timestampMillis: 8_640_000_000_000_001 }],
    ["a time that is text", { event: "A", timestampMillis: "1700000000123" }],
  ] as const)("are refused with %s", async ([, members]) => {
    expect(outcome(await sendEvent(members))).toEqual([400, 102]);
  });

  it("are refused above 64 KiB, and so is an operation that would make one", async () => {
    const customFields = { long: "x".repeat(70_000) };

    expect(outcome(await sendEvent({ event: "A", customFields }))).toEqual([413, 102]);
    expect(outcome(await post(proxy.url, WRAP, body("leased", { customFields })))).toEqual([
      413, 102,
    ]);
    const batch = body("leased", { customFields, documentIds: ["a"] });
    expect(outcome(await post(proxy.url, BATCH_WRAP, batch))).toEqual([413, 102]);
  });
});

describe("reported operations", () => {
  it("are told as one event per EDEK and kind, as the Java client reports them", async () => {
    const { edek } = await wrap(proxy.url, "leased");
    const operations = { [edek]: { wraps: 2, unwraps: 3 } };

    const answer = await report({ operations, ...icl({ requestId: "reported" }) });

    expect([answer.status, answer.text]).toEqual([200, "null"]);
    expect((await reported("DATA_ENCRYPT")).count).toBe(2);
    expect((await reported("DATA_DECRYPT")).count).toBe(3);
  });

  it.for([
    ["of an unknown tenant", { operations: { AAAA: { wraps: 1, unwraps: 0 } } }, "nobody"],
    [
      "with an EDEK that does not decode",
      { operations: { "": { wraps: 1, unwraps: 1 } } },
      "leased",
    ],
    ["of nothing", { operations: {} }, "leased"],
  ] as const)("%s are accepted", async ([, members, tenant]) => {
    expect((await report(members, tenant)).text).toBe("null");
  });

  it.for([
    ["missing", undefined],
    ["null", null],
    ["in an array with elements", [{ wraps: 1, unwraps: 1 }]],
    ["without counts", { a: null }],
    ["negative", { a: { wraps: -1, unwraps: 0 } }],
    ["fractional", { a: { wraps: 0.5, unwraps: 0 } }],
    ["text", { a: { wraps: "1", unwraps: 0 } }],
  ] as const)("are refused when they are %s", async ([, operations]) => {
    expect(outcome(await report({ operations }))).toEqual([400, 102]);
  });
});

function sendEvent(members: object): Promise<Answer> {
  return post(proxy.url, SECURITY_EVENT, body("leased", members));
}

function report(members: object, tenant = "leased"): Promise<Answer> {
  return post(proxy.url, REPORT_OPERATIONS, body(tenant, members));
}

function reported(name: string) {
  return reader.next(
    ({ iclFields }) => iclFields.requestId === "reported" && iclFields.event === name,
  );
}
