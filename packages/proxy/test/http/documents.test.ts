import { describe, expect, it } from "vitest";
import { ProxyError } from "../../src/errors.ts";
import { FakeKeys } from "./support/fake-keys.ts";
import { startHttp } from "./support/start.ts";

const WRAP = "/api/1/document/wrap";
const UNWRAP = "/api/1/document/unwrap";
const REKEY = "/api/1/document/rekey";

interface Wrapped {
  readonly dek: string;
  readonly edek: string;
}

describe("document keys", () => {
  it("come back as they were wrapped", async () => {
    const { post } = await startHttp();

    const { json } = await post(WRAP);
    const { dek, edek } = json as Wrapped;
    expect(Buffer.from(dek, "base64")).toHaveLength(32);
    expect(Object.keys(json as object)).toEqual(["dek", "edek"]);

    const opened = await post(UNWRAP, { encryptedDocumentKey: edek });
    expect(opened).toMatchObject({ status: 200, json: { dek } });
  });

  it("move to another tenant unchanged", async () => {
    const { post, keys } = await startHttp();
    const { dek, edek } = (await post(WRAP)).json as Wrapped;

    const moved = await post(REKEY, { encryptedDocumentKey: edek, newTenantId: "other" });

    expect(moved).toMatchObject({ status: 200, json: { dek, edek: expect.any(String) } });
    expect(keys.calls.at(-1)).toMatchObject({ use: "rekey", asked: "other" });
  });

  it("come the same way when the KMS has to be asked", async () => {
    class Slow extends FakeKeys {
      override async wrap(...args: Parameters<FakeKeys["wrap"]>) {
        await new Promise((resolve) => void setTimeout(resolve, 5));
        return super.wrap(...args);
      }
    }
    const { post } = await startHttp({ keys: new Slow() });

    expect(await post(WRAP)).toMatchObject({ status: 200, json: { dek: expect.any(String) } });
  });

  it("are wiped once they are answered", async () => {
    const { post, keys } = await startHttp();

    const { edek } = (await post(WRAP)).json as Wrapped;
    await post(UNWRAP, { encryptedDocumentKey: edek });
    await post(REKEY, { encryptedDocumentKey: edek, newTenantId: "other" });
    await post("/api/1/document/batch-wrap", { documentIds: ["a", "b"] });
    await post("/api/1/document/batch-unwrap", { edeks: { a: edek, b: "none" } });
    await post("/api/1/key/derive-with-secret-path", {
      derivationType: "sha512",
      secretType: "search",
      paths: { a: ["b"] },
    });

    expect(keys.deks).toHaveLength(8);
    expect(keys.deks.filter((dek) => dek.some((byte) => byte !== 0))).toEqual([]);
  });

  it.for([
    ["no EDEK", UNWRAP, {}, "encryptedDocumentKey is missing"],
    ["a number as EDEK", UNWRAP, { encryptedDocumentKey: 7 }, "encryptedDocumentKey must be"],
    ["null as EDEK", UNWRAP, { encryptedDocumentKey: null }, "encryptedDocumentKey must be"],
    ["no new tenant", REKEY, { encryptedDocumentKey: "x" }, "newTenantId is missing"],
    ["an empty new tenant", REKEY, { encryptedDocumentKey: "x", newTenantId: "" }, "newTenantId"],
  ] as const)("are refused with %s", async ([, path, body, text]) => {
    const { post } = await startHttp();

    const answer = await post(path, body);

    expect([answer.status, answer.json]).toEqual([
      400,
      { code: 102, message: expect.stringContaining(text) },
    ]);
  });

  it("ask for the tenant before they look at the EDEK", async () => {
    const { post } = await startHttp();

    const answer = await post(UNWRAP, { tenantId: "unknown", encryptedDocumentKey: "" });

    expect([answer.status, answer.json]).toMatchObject([404, { code: 201 }]);
  });
});

describe("what a use case throws", () => {
  it.for([
    ["NO_PRIMARY_KMS_CONFIGURATION", 422, 200],
    ["UNKNOWN_TENANT", 404, 201],
    ["KMS_CONFIGURATION_DISABLED", 422, 202],
    ["INVALID_PROVIDED_EDEK", 400, 203],
    ["KMS_WRAP_FAILED", 502, 204],
    ["KMS_UNWRAP_FAILED", 422, 205],
    ["KMS_AUTHORIZATION_FAILED", 403, 206],
    ["KMS_CONFIGURATION_INVALID", 422, 207],
    ["KMS_UNREACHABLE", 503, 208],
    ["KMS_THROTTLED", 429, 209],
    ["KMS_ACCOUNT_ISSUE", 422, 210],
    ["SECURITY_EVENT_REJECTED", 422, 301],
    ["SECRET_CREATION_FAILED", 422, 401],
    ["UNKNOWN_ERROR", 500, 100],
  ] as const)("%s is answered with HTTP %i and code %i", async ([name, http, code]) => {
    for (const later of [false, true]) {
      const { post } = await startHttp({ keys: throwing(new ProxyError(name, "Why: ü"), later) });

      const answer = await post(WRAP);

      expect([answer.status, answer.json]).toEqual([http, { code, message: "Why: ü" }]);
    }
  });

  it("never has an empty message", async () => {
    const { post } = await startHttp({
      keys: throwing(new ProxyError("KMS_THROTTLED", ""), false),
    });

    expect((await post(WRAP)).json).toEqual({ code: 209, message: "KMS_THROTTLED" });
  });

  it("stays inside when it is anything else", async () => {
    for (const error of [new TypeError("secret detail"), "secret detail", null]) {
      const { post, log } = await startHttp({ keys: throwing(error, true) });

      const answer = await post(WRAP);

      expect([answer.status, answer.json]).toEqual([
        500,
        { code: 100, message: "The request could not be processed" },
      ]);
      expect(JSON.stringify(log.lines)).not.toContain("secret detail");
    }
  });
});

function throwing(error: unknown, later: boolean) {
  class Throwing extends FakeKeys {
    override wrap(): never | Promise<never> {
      if (later) return Promise.reject(error);
      throw error;
    }
  }
  return new Throwing();
}
