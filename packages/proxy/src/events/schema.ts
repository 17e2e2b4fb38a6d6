import type { Call } from "../keys/ports.ts";
import { callerParts, type EventDetails, serializeEvent } from "./event.ts";

const TEXT = { type: "string" };

/**
 * JSON Schema (2020-12) of one security event, written to `docs/security-event.schema.json`.
 * Its examples come from the code that writes real events.
 */
export function securityEventSchema(): Record<string, unknown> {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: "urn:tenant-security:security-event:1",
    title: "Security event",
    description:
      "One use of a key, one refusal, or one event that an application sent. " +
      "Every ZeroMQ message of the proxy is one of these.",
    type: "object",
    required: ["v", "tenantId", "timestamp", "iclFields", "customFields"],
    dependentRequired: { count: ["edekSha256"], edekSha256: ["count"] },
    additionalProperties: false,
    properties: eventProperties(),
    examples: exampleEvents().map((text): unknown => JSON.parse(text)),
  };
}

function eventProperties(): Record<string, unknown> {
  return {
    v: { const: 1, description: "Version of this schema." },
    tenantId: { ...TEXT, minLength: 1, description: "The tenant whose key was used." },
    timestamp: {
      ...TEXT,
      pattern: String.raw`^([+-]\d{6}|\d{4})-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$`,
      description: "When it happened: ISO-8601, UTC, milliseconds.",
    },
    count: {
      type: "integer",
      minimum: 1,
      description: "Only on reported operations: how many uses of one key this event stands for.",
    },
    edekSha256: {
      ...TEXT,
      pattern: "^[0-9a-f]{64}$",
      description: "Only on reported operations: SHA-256 of the EDEK's base64 text as reported.",
    },
    iclFields: iclFields(),
    customFields: {
      type: "object",
      additionalProperties: TEXT,
      description: "What the caller added, unchanged.",
    },
  };
}

function iclFields(): Record<string, unknown> {
  return {
    type: "object",
    required: ["requestingId", "event", "tspRayId"],
    additionalProperties: false,
    description: "What the caller said about the request; members it did not set are absent.",
    properties: {
      dataLabel: TEXT,
      requestId: TEXT,
      requestingId: { ...TEXT, minLength: 1, description: "The user or service that asked." },
      sourceIp: { ...TEXT, description: "Free text; not checked to be an address." },
      objectId: TEXT,
      event: {
        ...TEXT,
        minLength: 1,
        description:
          "DATA_ENCRYPT, DATA_DECRYPT, DATA_DENY_ACCESS and CUSTOM_KEY_DERIVE come from the " +
          "proxy, every other name from an application.",
      },
      tspRayId: {
        ...TEXT,
        pattern: "^[A-Za-z0-9_-]{16}$",
        description: "The request: also in the log and in the x-ray-id header of the answer.",
      },
    },
  };
}

function exampleEvents(): string[] {
  const acme = { tenantId: "acme", timestamp: "2026-03-01T12:30:00.125Z" };
  const reported = { count: 3, edekSha256: "9f".repeat(32) };
  const kinds: EventDetails[] = [
    { ...acme, name: "DATA_ENCRYPT" },
    { ...acme, name: "DATA_DECRYPT" },
    { ...acme, name: "DATA_DENY_ACCESS" },
    { ...acme, name: "CUSTOM_KEY_DERIVE" },
    { ...acme, name: "USER_LOGIN" },
    { ...acme, name: "DATA_ENCRYPT", reported },
    { ...acme, name: "DATA_DECRYPT", reported },
  ];
  const caller = callerParts(EXAMPLE_CALL);
  return kinds.map((kind) => serializeEvent(caller, kind));
}

const EXAMPLE_CALL: Call = {
  abandoned: false,
  tenantId: "acme",
  rayId: "q8Zr0yX-5uWb2LfT",
  iclFields: { requestingId: "user-17", dataLabel: "invoice", sourceIp: "203.0.113.7" },
  customFields: { region: "eu" },
  signal: new AbortController().signal,
};
