import * as fc from "fast-check";
import { API_KEY } from "@tenant-security/testkit";
import type { FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import { API_PATHS, type ApiPath } from "../../src/http/endpoints.ts";
import { startHttp } from "./support/start.ts";

const BODIES_PER_ENDPOINT = 400;

/** Good bodies, from which the fuzzer departs one member at a time. */
const METADATA = {
  tenantId: "acme",
  iclFields: { requestingId: "r", dataLabel: null, sourceIp: "f" },
  customFields: { a: "b", c: null },
};

const EDEK = Buffer.from(`edek:${Buffer.alloc(32).toString("base64")}`).toString("base64");

const GOOD: Readonly<Record<ApiPath, object>> = {
  "/api/1/document/wrap": {},
  "/api/1/document/unwrap": { encryptedDocumentKey: EDEK },
  "/api/1/document/batch-wrap": { documentIds: ["a", 1] },
  "/api/1/document/batch-unwrap": { edeks: { a: EDEK } },
  "/api/1/document/rekey": { encryptedDocumentKey: EDEK, newTenantId: "acme" },
  "/api/1/document/report-operations": { operations: { [EDEK]: { wraps: 1, unwraps: 2 } } },
  "/api/1/key/derive-with-secret-path": {
    paths: { a: ["b"] },
    derivationType: "sha512",
    secretType: "search",
  },
  "/api/1/event/security-event": { event: "A", timestampMillis: 1 },
};

const anything: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: fc.jsonValue({ noUnicodeString: false }) },
  fc.constantFrom(
    null,
    "",
    0,
    -1,
    1.5,
    1e300,
    [],
    {},
    [[]],
    "__proto__",
    "\ud800",
    "x".repeat(5_000),
  ),
  fc.object({ key: fc.constantFrom("__proto__", "constructor", "toString", "a", "0") }),
  fc.string({ unit: "binary" }),
);

describe("any body at any endpoint", () => {
  it.for(API_PATHS)(
    "is served or refused with a code, and the next good request works: %s",
    { timeout: 120_000 },
    async (path) => {
      const { server } = await startHttp();
      const good: object = { ...METADATA, ...GOOD[path] };
      let sent = 0;
      const body = fc.oneof(
        { weight: 8, arbitrary: mutated(good).map((value) => JSON.stringify(value)) },
        { weight: 1, arbitrary: anything.map((value) => JSON.stringify(value) ?? "") },
        { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 200 }) },
      );

      await fc.assert(
        fc.asyncProperty(body, async (text) => {
          sent += 1;
          const { statusCode, json } = await post(server.app, path, text);
          expect(verdict(statusCode, json())).toBe("fine");
          const next =
            sent % 50 === 0 ? await post(server.app, path, JSON.stringify(good)) : undefined;
          expect(next?.statusCode ?? 200).toBe(200);
        }),
        { numRuns: BODIES_PER_ENDPOINT },
      );
      expect((await post(server.app, path, JSON.stringify(good))).statusCode).toBe(200);
    },
  );
});

/** An answer is fine when it is a success, or a refusal of the client's that has a code. */
function verdict(status: number, answer: unknown): string {
  if (status === 200) return "fine";
  const { code, message, ...more } = answer as Readonly<Record<string, unknown>>;
  const wellFormed =
    typeof code === "number" &&
    typeof message === "string" &&
    message !== "" &&
    Object.keys(more).length === 0;
  return status >= 400 && status < 500 && wellFormed
    ? "fine"
    : `${status} ${JSON.stringify(answer)}`;
}

/** The value with one of its members, on any level, replaced, added or left out. */
function mutated(value: unknown): fc.Arbitrary<unknown> {
  if (typeof value !== "object" || value === null) return anything;
  const entries = Object.entries(value);
  const replace = entries.map(([name, member]) =>
    fc
      .oneof(anything, mutated(member), fc.constant(undefined))
      .map((changed) => (Array.isArray(value) ? [changed] : { ...value, [name]: changed })),
  );
  const add = fc
    .tuple(fc.string({ unit: "binary" }), anything)
    .map(([name, member]) => ({ ...value, [name]: member }));
  return fc.oneof(anything, add, ...replace);
}

function post(app: FastifyInstance, url: string, payload: string) {
  const headers = { authorization: `cmk ${API_KEY}`, "content-type": "application/json" };
  return app.inject({ method: "POST", url, headers, payload });
}
