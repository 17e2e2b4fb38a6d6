import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventLine } from "../../src/cli/event-line.ts";
import { callerParts, serializeEvent } from "../../src/events/event.ts";
import { aCall } from "../events/helpers.ts";

const timestamp = "2026-03-01T12:30:00.125Z";
const event = serializeEvent(
  callerParts(
    aCall({
      iclFields: { requestingId: "user-17", dataLabel: "tax return" },
      customFields: { region: "eu" },
    }),
  ),
  { name: "DATA_ENCRYPT", tenantId: "acme", timestamp },
);

describe("an event on the screen", () => {
  it("is one line with time, tenant, name, caller and every field", () => {
    expect(eventLine(event)).toBe(
      "2026-03-01T12:30:00.125Z  acme  DATA_ENCRYPT  by user-17  " +
        'dataLabel="tax return" region=eu ray=q8Zr0yX-5uWb2LfT',
    );
  });

  it("says how many uses a reported event stands for", () => {
    const reported = { count: 12, edekSha256: "ab".repeat(32) };
    const text = serializeEvent(callerParts(aCall()), {
      name: "DATA_DECRYPT",
      tenantId: "acme",
      timestamp,
      reported,
    });

    expect(eventLine(text)).toContain("DATA_DECRYPT ×12  by user-17");
  });

  it("is the JSON that was received, where that is asked for", () => {
    expect(eventLine(event, { json: true })).toBe(event);
  });

  it("is left out when it belongs to another tenant", () => {
    expect(eventLine(event, { tenantId: "globex" })).toBeUndefined();
    expect(eventLine(event, { tenantId: "acme" })).toContain("DATA_ENCRYPT");
  });

  it("is shown as it is when it is no event", () => {
    expect(eventLine("no JSON")).toBe('"no JSON"');
    expect(eventLine("no JSON", { tenantId: "acme" })).toBeUndefined();
    expect(eventLine("[1]")).toBe("[1]");
  });

  it("cannot steer the terminal, whatever the caller wrote", () => {
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(text, text, fc.dictionary(text, text), fc.boolean(), (id, name, fields, json) => {
        const caller = callerParts(
          aCall({ iclFields: { requestingId: id }, customFields: fields }),
        );
        const received = serializeEvent(caller, { name, tenantId: id, timestamp });

        const line = eventLine(received, { json }) ?? "";

        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(json ? JSON.parse(line) : event).toEqual(json ? JSON.parse(received) : event);
      }),
    );
  });

  it.for([false, true])("cannot carry an escape sequence (JSON: %s)", (json) => {
    const iclFields = { requestingId: "\u001B[2J\u009B2Jgone\u202E" };
    const caller = callerParts(aCall({ iclFields }));
    const received = serializeEvent(caller, { name: "X", tenantId: "acme", timestamp });

    expect(eventLine(received, { json })).toContain(String.raw`"\u001b[2J\u009b2Jgone\u202e"`);
  });
});
