import * as fc from "fast-check";
import { Compile } from "typebox/schema";
import { describe, expect, it } from "vitest";
import { callerParts, type EventDetails, serializeEvent } from "../../src/events/event.ts";
import { committedSchema } from "./committed-schema.ts";
import { aCall } from "./helpers.ts";

const details: EventDetails = {
  name: "DATA_ENCRYPT",
  tenantId: "acme",
  timestamp: "2026-03-01T12:30:00.125Z",
};

const schema = Compile(committedSchema());
const text = fc.string({ unit: "binary" });
const maybeText = fc.option(text, { nil: undefined });

describe("a serialised event", () => {
  it("holds every field of the caller, the event's name and the ray id", () => {
    const call = aCall({
      iclFields: {
        requestingId: "user-17",
        dataLabel: "invoice",
        sourceIp: "f",
        objectId: "o-1",
        requestId: "r-1",
      },
      customFields: { region: "eu", plan: "gold" },
    });

    expect(JSON.parse(serializeEvent(callerParts(call), details))).toEqual({
      v: 1,
      tenantId: "acme",
      timestamp: "2026-03-01T12:30:00.125Z",
      iclFields: {
        dataLabel: "invoice",
        requestId: "r-1",
        requestingId: "user-17",
        sourceIp: "f",
        objectId: "o-1",
        event: "DATA_ENCRYPT",
        tspRayId: "q8Zr0yX-5uWb2LfT",
      },
      customFields: { region: "eu", plan: "gold" },
    });
  });

  it("leaves out what the caller did not set and keeps what it set to nothing", () => {
    const call = aCall({ iclFields: { requestingId: "u", objectId: "", dataLabel: undefined } });

    const { iclFields } = JSON.parse(serializeEvent(callerParts(call), details));

    expect(Object.keys(iclFields)).toEqual(["requestingId", "objectId", "event", "tspRayId"]);
  });

  it("carries count and EDEK hash of reported operations", () => {
    const reported = { count: 3, edekSha256: "ab".repeat(32) };

    const event = JSON.parse(serializeEvent(callerParts(aCall()), { ...details, reported }));

    expect(event).toMatchObject(reported);
  });

  it("keeps custom fields named like members of Object.prototype", () => {
    const customFields = JSON.parse('{"__proto__":"a","constructor":"b","toJSON":"c"}');

    const event = serializeEvent(callerParts(aCall({ customFields })), details);

    expect(event).toContain('"customFields":{"__proto__":"a","constructor":"b","toJSON":"c"}');
  });

  it("is valid JSON that the schema accepts and that gives back every text, whatever it is", () => {
    fc.assert(
      fc.property(
        fc.record({ tenantId: nonEmpty(), requestingId: nonEmpty(), name: nonEmpty() }),
        fc.record({ dataLabel: maybeText, sourceIp: maybeText, objectId: maybeText }),
        fc.dictionary(text, text),
        ({ tenantId, requestingId, name }, optional, customFields) => {
          const call = aCall({ tenantId, iclFields: { requestingId, ...optional }, customFields });

          const event = JSON.parse(
            serializeEvent(callerParts(call), { ...details, tenantId, name }),
          );

          expect(schema.Errors(event)).toEqual([true, []]);
          expect(event.tenantId).toBe(tenantId);
          expect(event.iclFields).toMatchObject({ requestingId, event: name });
          expect(event.iclFields.dataLabel).toBe(optional.dataLabel);
          expect(new Map(Object.entries(event.customFields))).toEqual(
            new Map(Object.entries(customFields)),
          );
        },
      ),
    );
  });
});

describe("the committed schema of events", () => {
  const examples = committedSchema()["examples"] as Record<string, unknown>[];

  it("accepts its own examples, one of each kind", () => {
    for (const example of examples) expect(schema.Errors(example)).toEqual([true, []]);
    const names = examples.map((example) => (example["iclFields"] as { event: string }).event);
    expect(names).toEqual(
      expect.arrayContaining([
        "DATA_ENCRYPT",
        "DATA_DECRYPT",
        "DATA_DENY_ACCESS",
        "CUSTOM_KEY_DERIVE",
        "USER_LOGIN",
      ]),
    );
  });

  it.for([
    ["another version", { v: 2 }],
    ["a time without milliseconds", { timestamp: "2026-03-01T12:30:00Z" }],
    ["a custom field that is no text", { customFields: { a: 1 } }],
    ["a count without the EDEK's hash", { count: 3 }],
    ["a member nobody knows", { secret: "x" }],
    ["no caller", { iclFields: { event: "DATA_ENCRYPT", tspRayId: "q8Zr0yX-5uWb2LfT" } }],
  ] as const)("refuses %s", ([, change]) => {
    expect(schema.Check({ ...examples[0], ...change })).toBe(false);
  });
});

function nonEmpty(): fc.Arbitrary<string> {
  return fc.string({ unit: "binary", minLength: 1 });
}
