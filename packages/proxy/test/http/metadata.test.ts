import { describe, expect, it } from "vitest";
import { API_PATHS } from "../../src/http/endpoints.ts";
import { METADATA, startHttp } from "./support/start.ts";

const WRAP = "/api/1/document/wrap";

/** What each endpoint needs beside the metadata. */
const OWN: Readonly<Record<string, object>> = {
  "/api/1/document/unwrap": { encryptedDocumentKey: "AAAA" },
  "/api/1/document/batch-wrap": { documentIds: [] },
  "/api/1/document/batch-unwrap": { edeks: {} },
  "/api/1/document/rekey": { encryptedDocumentKey: "AAAA", newTenantId: "acme" },
  "/api/1/document/report-operations": { operations: {} },
  "/api/1/key/derive-with-secret-path": {
    paths: {},
    derivationType: "sha512",
    secretType: "search",
  },
  "/api/1/event/security-event": { event: "USER_LOGIN" },
};

describe("metadata", () => {
  it.for([
    ["no tenant", { tenantId: undefined }, "tenantId is missing"],
    ["an empty tenant", { tenantId: "" }, "tenantId must not be empty"],
    ["null as tenant", { tenantId: null }, "tenantId must be a string"],
    ["a number as tenant", { tenantId: 7 }, "tenantId must be a string"],
    ["no iclFields", { iclFields: undefined }, "iclFields is missing"],
    ["null as iclFields", { iclFields: null }, "iclFields must be an object"],
    ["an array as iclFields", { iclFields: [] }, "iclFields must be an object"],
    ["nobody who asks", { iclFields: {} }, "iclFields.requestingId is missing"],
    [
      "an empty requestingId",
      icl({ requestingId: "" }),
      "iclFields.requestingId must not be empty",
    ],
    ["null as requestingId", icl({ requestingId: null }), "requestingId must be a string"],
    ["a number as sourceIp", icl({ sourceIp: 7 }), "iclFields.sourceIp must be a string or null"],
    ["an object as dataLabel", icl({ dataLabel: {} }), "iclFields.dataLabel must be a string"],
    ["a number as custom field", { customFields: { secretive: 7 } }, "customFields.* must be"],
    ["an object as custom field", { customFields: { secretive: {} } }, "customFields.* must be"],
    ["text as customFields", { customFields: "x" }, "customFields must be an object"],
    ["a filled array as customFields", { customFields: ["x"] }, "customFields"],
  ] as const)("is refused with %s on every endpoint", async ([, change, text]) => {
    const { post, keys, events } = await startHttp();

    const answers = await Promise.all(
      API_PATHS.map((path) => post(path, { ...OWN[path], ...change })),
    );

    for (const { status, json, text: body } of answers) {
      expect([status, json]).toEqual([400, { code: 102, message: expect.stringContaining(text) }]);
      expect(body).not.toContain("secretive");
    }
    expect([keys.calls, events.events, events.reports]).toEqual([[], [], []]);
  });

  it("is accepted on every endpoint with nothing but what it needs", async () => {
    const { post } = await startHttp();

    const answers = await Promise.all(API_PATHS.map((path) => post(path, OWN[path])));

    // The EDEKs are none, which is another matter.
    const expected = API_PATHS.map((path) => (/unwrap$|rekey$/.test(path) ? 400 : 200));
    expected[API_PATHS.indexOf("/api/1/document/batch-unwrap")] = 200;
    expect(answers.map(({ status }) => status)).toEqual(expected);
  });

  it("reaches the use case with nulls left out", async () => {
    const { post, keys } = await startHttp();
    const optional = { dataLabel: null, sourceIp: "f", objectId: null, requestId: "ü\u{1F511}" };

    const { headers } = await post(WRAP, {
      iclFields: { requestingId: "service", ...optional },
      customFields: { kept: "x", dropped: null, "": "", ["__proto__"]: "own" },
    });

    const [{ call } = {}] = keys.calls;
    expect(call?.tenantId).toBe("acme");
    expect(call?.rayId).toBe(headers["x-ray-id"]);
    expect(call?.iclFields).toEqual({
      requestingId: "service",
      sourceIp: "f",
      requestId: "ü\u{1F511}",
      dataLabel: undefined,
      objectId: undefined,
    });
    expect(Object.entries(call?.customFields ?? {})).toEqual([
      ["kept", "x"],
      ["", ""],
      ["__proto__", "own"],
    ]);
  });

  it("keeps a custom field called __proto__ a field", async () => {
    const { post, keys } = await startHttp();
    const fields = '{"__proto__":"own","constructor":"x","a":null}';

    await post(WRAP, JSON.stringify(METADATA).replace("{", `{"customFields":${fields},`));

    const [{ call } = {}] = keys.calls;
    expect(JSON.stringify(call?.customFields)).toBe('{"__proto__":"own","constructor":"x"}');
    expect(({} as { own?: string }).own).toBeUndefined();
  });

  it.for([
    ["missing", {}],
    ["null", { customFields: null }],
    ["an empty array", { customFields: [] }],
    ["an empty object", { customFields: {} }],
    ["all null", { customFields: { a: null, b: null } }],
  ] as const)("has no custom fields when they are %s", async ([, change]) => {
    const { post, keys } = await startHttp();

    await post(WRAP, change);

    expect(keys.calls.map(({ call }) => call.customFields)).toEqual([{}]);
  });

  it.for([
    ["of one lone surrogate", "\ud800"],
    ["of 1,000 characters", "x".repeat(1_000)],
    ["called __proto__", "__proto__"],
    ["called constructor", "constructor"],
  ] as const)("may name a tenant %s", async ([, tenantId]) => {
    const { post, keys } = await startHttp();

    await post(WRAP, { tenantId });

    expect(keys.calls.map(({ call }) => call.tenantId)).toEqual([tenantId]);
  });
});

function icl(change: object) {
  return { iclFields: { ...METADATA.iclFields, ...change } };
}
