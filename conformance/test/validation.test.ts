import {
  ApiErrorResponseSchema,
  BatchUnwrapKeyResponseSchema,
  BatchWrapKeyResponseSchema,
  DeriveKeyResponseSchema,
  RekeyResponseSchema,
  UnwrapKeyResponseSchema,
  WrapKeyResponseSchema,
} from "@ironcorelabs/tenant-security-nodejs/src/kms/KmsApi.js";
import { API_KEY, send } from "@tenant-security/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startWorld, TENANTS, type World } from "../support/world.ts";

interface Schema {
  validate(value: unknown, options: { convert: boolean }): { error?: Error | undefined };
}

const SUCCESS_FIELDS = ["dek", "edek", "keys", "failures", "derivedKeys", "hasPrimaryConfig"];

/** The published client checks every answer against these schemas, without conversions. */
describe("the client's own checks of answers", () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld("http");
  });
  afterAll(() => world?.stop());

  describe.for(TENANTS)("for the tenant %s", (tenant) => {
    it("accept every success", async () => {
      const wrapped = await post("document/wrap", request(tenant));
      const encryptedDocumentKey = (wrapped.json as { edek: string }).edek;
      const bad = Buffer.from("edek").toString("base64");
      const paths = { one: ["a", "a", "b"], two: ["c"] };
      const derive = { paths, derivationType: "sha512", secretType: "deterministic" };
      const requests: readonly [string, object, Schema][] = [
        ["document/wrap", {}, WrapKeyResponseSchema],
        ["document/unwrap", { encryptedDocumentKey }, UnwrapKeyResponseSchema],
        ["document/batch-wrap", { documentIds: ["a", "0", "ü"] }, BatchWrapKeyResponseSchema],
        ["document/batch-wrap", { documentIds: [] }, BatchWrapKeyResponseSchema],
        [
          "document/batch-unwrap",
          { edeks: { good: encryptedDocumentKey, bad } },
          BatchUnwrapKeyResponseSchema,
        ],
        ["document/batch-unwrap", { edeks: {} }, BatchUnwrapKeyResponseSchema],
        ["document/rekey", { encryptedDocumentKey, newTenantId: "third" }, RekeyResponseSchema],
        ["key/derive-with-secret-path", derive, DeriveKeyResponseSchema],
      ];

      for (const [path, change, schema] of requests) {
        const answer = await post(path, { ...request(tenant), ...change });
        expect([path, answer.status]).toEqual([path, 200]);
        expect(check(schema, answer.json)).toBeUndefined();
        expect(answer.json).not.toHaveProperty("code");
      }
    });
  });

  it.for([
    ["wrong API key", "document/wrap", {}, { authorization: "cmk wrong" }],
    ["unknown route", "document/nothing", {}, {}],
    ["missing field", "document/unwrap", {}, {}],
    ["garbage EDEK", "document/unwrap", { encryptedDocumentKey: "AAAA" }, {}],
    ["unknown tenant", "document/wrap", { tenantId: "nobody" }, {}],
    ["wrong content type", "document/wrap", {}, { "content-type": "text/plain" }],
    ["unusable configuration", "document/wrap", { tenantId: "short-key" }, {}],
    ["unreachable KMS", "document/wrap", { tenantId: "broken" }, {}],
  ] as const)("accept the error for: %s", async ([, path, change, headers]) => {
    const answer = await post(path, { ...request("leased"), ...change }, headers);

    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(check(ApiErrorResponseSchema, answer.json)).toBeUndefined();
    expect(
      Object.keys(answer.json as object).filter((key) => SUCCESS_FIELDS.includes(key)),
    ).toEqual([]);
  });

  function post(path: string, body: object, headers: Readonly<Record<string, string>> = {}) {
    const authorization = `cmk ${API_KEY}`;
    return send(`${world.proxy.url}/api/1/${path}`, body, {
      headers: { authorization, ...headers },
    });
  }
});

function request(tenantId: string): object {
  return { tenantId, iclFields: { requestingId: "service" }, customFields: {} };
}

function check(schema: Schema, value: unknown): Error | undefined {
  return schema.validate(value, { convert: false }).error;
}
