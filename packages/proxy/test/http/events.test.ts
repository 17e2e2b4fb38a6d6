import { describe, expect, it } from "vitest";
import { ProxyError } from "../../src/errors.ts";
import { METADATA, startHttp } from "./support/start.ts";

const EVENT = "/api/1/event/security-event";
const REPORT = "/api/1/document/report-operations";

const named = (event: unknown) => ({ iclFields: { ...METADATA.iclFields, event } });

describe("POST /api/1/event/security-event", () => {
  it.for([
    ["in iclFields", named("USER_LOGIN"), "USER_LOGIN"],
    ["beside iclFields", { event: "CUSTOM_X" }, "CUSTOM_X"],
    ["beside iclFields, with null inside", { ...named(null), event: "A" }, "A"],
    ["at both places", { ...named("INSIDE"), event: "BESIDE" }, "INSIDE"],
    ["of nobody's list", named("héllo \u{1F511}"), "héllo \u{1F511}"],
  ] as const)("takes the name %s", async ([, body, event]) => {
    const { post, events } = await startHttp();

    const { status, text } = await post(EVENT, { ...body, timestampMillis: 1_700_000_000_000 });

    expect([status, text]).toEqual([200, "null"]);
    expect(events.events.map((one) => one.event)).toEqual([
      { event, timestampMillis: 1_700_000_000_000 },
    ]);
  });

  it.for([
    ["zero", 0, 0],
    ["far past", -62_135_596_800_000, -62_135_596_800_000],
    ["the last time there is", 8.64e15, 8.64e15],
    ["a fraction, which is cut", 1.9, 1],
    ["a negative fraction", -1.9, -1],
  ] as const)("takes the time: %s", async ([, timestampMillis, expected]) => {
    const { post, events } = await startHttp();

    await post(EVENT, { event: "A", timestampMillis });

    expect(events.events.map(({ event }) => event.timestampMillis)).toEqual([expected]);
  });

  it.for([
    ["absent", {}],
    ["null", { timestampMillis: null }],
  ] as const)("takes now when the time is %s", async ([, body]) => {
    const { post, events } = await startHttp();
    const before = Date.now();

    await post(EVENT, { event: "A", ...body });

    const [{ event } = {}] = events.events;
    expect(event?.timestampMillis).toBeGreaterThanOrEqual(before);
    expect(event?.timestampMillis).toBeLessThanOrEqual(Date.now());
  });

  it.for([
    ["no name", {}, "event is missing"],
    ["an empty name", named(""), "event is missing"],
    ["two empty names", { ...named(""), event: "" }, "event is missing"],
    ["a number as name", named(7), "iclFields.event must be a string"],
    ["a number as name beside", { event: 7 }, "event must be a string"],
    ["text as time", { event: "A", timestampMillis: "1" }, "timestampMillis must be a number"],
    ["a time no date can hold", { event: "A", timestampMillis: 8.64e15 + 2 }, "timestampMillis"],
    ["a past no date can hold", { event: "A", timestampMillis: -9e15 }, "timestampMillis"],
  ] as const)("refuses %s", async ([, body, text]) => {
    const { post, events } = await startHttp();

    const answer = await post(EVENT, body);

    expect([answer.status, answer.json]).toEqual([
      400,
      { code: 102, message: expect.stringContaining(text) },
    ]);
    expect(events.events).toEqual([]);
  });

  it("refuses a time beyond all numbers", async () => {
    const { post } = await startHttp();
    const body = JSON.stringify({ ...METADATA, event: "A", timestampMillis: 0 });

    const answer = await post(EVENT, body.replace(/0}$/, "1e999}"));

    expect([answer.status, answer.json]).toMatchObject([400, { code: 102 }]);
  });

  it("passes on what the event stream says", async () => {
    const tooLong = new ProxyError("INVALID_REQUEST_BODY", "too long", { http: 413 });
    const rejected = new ProxyError("SECURITY_EVENT_REJECTED", "full");
    const { post } = await startHttp({
      events: {
        securityEvent() {
          throw tooLong;
        },
        reportOperations: () => Promise.reject(rejected),
      },
    });

    expect(await post(EVENT, { event: "A" })).toMatchObject({ status: 413, json: { code: 102 } });
    expect(await post(REPORT, { operations: {} })).toMatchObject({
      status: 422,
      json: { code: 301 },
    });
  });
});

describe("POST /api/1/document/report-operations", () => {
  it("hands the counts on and answers null", async () => {
    const { post, events } = await startHttp();

    const { status, text } = await post(REPORT, {
      tenantId: "unknown",
      operations: {
        "not an edek": { wraps: 1, unwraps: 0 },
        AAAA: { wraps: 0, unwraps: Number.MAX_SAFE_INTEGER, more: "x" },
        lenient: { wraps: null },
      },
    });

    expect([status, text]).toEqual([200, "null"]);
    expect(events.reports).toEqual([
      new Map([
        ["not an edek", { wraps: 1, unwraps: 0 }],
        ["AAAA", { wraps: 0, unwraps: Number.MAX_SAFE_INTEGER }],
        ["lenient", { wraps: 0, unwraps: 0 }],
      ]),
    ]);
  });

  it.for([
    ["no operations", undefined, "operations is missing"],
    ["an array", [], "operations must be an object"],
    ["a number", { mine: 7 }, "operations.* must be an object"],
    ["a negative count", { mine: { wraps: -1, unwraps: 0 } }, "operations.*.wraps must be >= 0"],
    ["a fraction", { mine: { wraps: 0, unwraps: 1.5 } }, "must be a whole number"],
    ["text", { mine: { wraps: "1", unwraps: 0 } }, "operations.*.wraps must be a whole number"],
    ["a count beyond 2^53", { mine: { wraps: 2 ** 53, unwraps: 0 } }, "must be <="],
  ] as const)("refuses %s", async ([, operations, text]) => {
    const { post, events } = await startHttp();

    const answer = await post(REPORT, { operations });

    expect([answer.status, answer.json]).toEqual([
      400,
      { code: 102, message: expect.stringContaining(text) },
    ]);
    expect(answer.text).not.toContain("mine");
    expect(events.reports).toEqual([]);
  });
});
