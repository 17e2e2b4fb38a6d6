import { EventReader } from "@tenant-security/testkit";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { own } from "./support/own.ts";
import {
  BATCH_UNWRAP,
  BATCH_WRAP,
  body,
  outcome,
  post,
  REKEY,
  UNWRAP,
  WRAP,
  wrap,
  type Wrapped,
} from "./support/requests.ts";
import { sharedProxy } from "./support/shared-proxy.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

interface Batch {
  readonly keys: Record<string, Wrapped>;
  readonly failures: Record<string, { code: number; message: string }>;
}

const proxy = sharedProxy({ TSP_ENABLE_LOGDRIVER_INTEGRATION: "true" });
let reader: EventReader;

beforeAll(() => {
  reader = new EventReader(proxy.eventsUrl);
  return () => reader.close();
});

const icl = (members: object = {}) => ({ iclFields: { requestingId: "service", ...members } });

describe("the metadata", () => {
  it.for([
    ["unknown members everywhere", { extra: { a: [1] }, ...icl({ extra: 1 }) }],
    [
      "nulls for what is absent, as Alloy and PHP send it",
      icl({
        dataLabel: null,
        sourceIp: null,
        objectId: null,
        requestId: null,
        event: null,
      }),
    ],
    ["a source address that is none", icl({ sourceIp: "f" })],
    ["no custom fields", { customFields: undefined }],
    ["null custom fields, as Go sends them", { customFields: null }],
    ["an array without elements for custom fields, as PHP may", { customFields: [] }],
    ["a custom field that is null", { customFields: { a: null, b: "c" } }],
    ["a custom field named __proto__", JSON.parse('{"customFields":{"__proto__":"x"}}') as object],
  ] as const)("may have %s", async ([, members]) => {
    expect(outcome(await post(proxy.url, WRAP, body("leased", members)))).toEqual([200, undefined]);
  });

  it.for([
    ["no tenant", { tenantId: undefined }],
    ["an empty tenant", { tenantId: "" }],
    ["a tenant that is a number", { tenantId: 1 }],
    ["a tenant that is null", { tenantId: null }],
    ["no icl fields", { iclFields: undefined }],
    ["null icl fields", { iclFields: null }],
    ["icl fields in an array", { iclFields: [] }],
    ["no requesting id", { iclFields: {} }],
    ["an empty requesting id", icl({ requestingId: "" })],
    ["a requesting id that is a number", icl({ requestingId: 5 })],
    ["a data label that is a number", icl({ dataLabel: 5 })],
    ["an object id that is an object", icl({ objectId: {} })],
    ["custom fields that are text", { customFields: "a" }],
    ["an array with elements for custom fields", { customFields: ["a"] }],
    ["a custom field that is a number", { customFields: { a: 1 } }],
    ["a custom field that is an object", { customFields: { a: {} } }],
  ] as const)("may not have %s", async ([, members]) => {
    const answer = await post(proxy.url, WRAP, body("leased", members));

    expect(outcome(answer)).toEqual([400, 102]);
    expect(answer.json).toEqual({ code: 102, message: expect.stringMatching(/./) });
  });

  it("comes back in the event exactly as it was sent", async () => {
    const iclFields = {
      requestingId: "Ünïcödé \u{1F511}",
      dataLabel: "",
      sourceIp: "f",
      objectId: 'quote " backslash \\ newline \n',
      requestId: "metadata-round-trip",
    };
    const customFields = JSON.parse('{"__proto__":"x","constructor":"y","":"z"}') as object;

    await post(proxy.url, WRAP, body("leased", { iclFields, customFields }));

    const event = await reader.next((each) => each.iclFields.requestId === "metadata-round-trip");
    expect(event.iclFields).toMatchObject({ ...iclFields, event: "DATA_ENCRYPT" });
    expect(Object.entries(event.customFields)).toEqual(Object.entries(customFields));
  });
});

describe("document ids", () => {
  const IDS = [
    "__proto__",
    "constructor",
    "toString",
    "0",
    "10",
    "-1",
    "",
    " ",
    "ü/\u{1F511}",
    "x".repeat(1_000),
    "a.b",
    '"',
  ];

  it.for(["leased", "unleased"])(
    "are the caller's own text in a batch of the tenant %s",
    async (tenant) => {
      const wrapped = await post(proxy.url, BATCH_WRAP, body(tenant, { documentIds: IDS }));
      const { keys, failures } = wrapped.json as Batch;
      expect([Object.keys(keys).toSorted(), failures]).toEqual([IDS.toSorted(), {}]);

      const edeks = objectOf(IDS.map((id) => [id, own(keys, id).edek]));
      const unwrapped = await post(proxy.url, BATCH_UNWRAP, body(tenant, { edeks }));
      const opened = unwrapped.json as Batch;

      expect([Object.keys(opened.keys).toSorted(), opened.failures]).toEqual([IDS.toSorted(), {}]);
      for (const id of IDS) expect(own(opened.keys, id).dek).toBe(own(keys, id).dek);
    },
  );

  it("keep their place when they fail", async () => {
    const edeks = objectOf(IDS.map((id) => [id, "AAAA"]));

    const { json } = await post(proxy.url, BATCH_UNWRAP, body("leased", { edeks }));

    const { keys, failures } = json as Batch;
    expect([keys, Object.keys(failures).toSorted()]).toEqual([{}, IDS.toSorted()]);
    for (const id of IDS) expect(own(failures, id)).toMatchObject({ code: 203 });
  });

  it("may be numbers, and repeated ones count once", async () => {
    const documentIds = [1, "1", "a", "a", 2.5];

    const { json } = await post(proxy.url, BATCH_WRAP, body("leased", { documentIds }));

    expect(Object.keys((json as Batch).keys).toSorted()).toEqual(["1", "2.5", "a"]);
  });

  it.for([
    ["missing", undefined],
    ["null", null],
    ["text", "a"],
    ["an object", {}],
    ["holding null", ["a", null]],
    ["holding an object", [{}]],
    ["holding a boolean", [true]],
  ] as const)("are refused when %s", async ([, documentIds]) => {
    expect(outcome(await post(proxy.url, BATCH_WRAP, body("leased", { documentIds })))).toEqual([
      400, 102,
    ]);
  });
});

describe("batches", () => {
  it.for([
    [BATCH_WRAP, { documentIds: [] }],
    [BATCH_UNWRAP, { edeks: {} }],
    [BATCH_UNWRAP, { edeks: [] }],
  ] as const)("of nothing give two empty objects: %s %j", async ([path, members]) => {
    const { status, text } = await post(proxy.url, path, body("leased", members));

    expect([status, text]).toEqual([200, '{"keys":{},"failures":{}}']);
  });

  it("may be arrays, as PHP sends ids that count from zero", async () => {
    const { dek, edek } = await wrap(proxy.url, "leased");

    const { json } = await post(proxy.url, BATCH_UNWRAP, body("leased", { edeks: [edek, "AAAA"] }));

    expect(json).toEqual({
      keys: { 0: { dek } },
      failures: { 1: { code: 203, message: expect.stringMatching(/./) } },
    });
  });

  it.for([
    ["missing", undefined],
    ["null", null],
    ["text", "AAAA"],
    ["holding a number", { a: 1 }],
    ["holding null", { a: null }],
    ["an array holding an object", [{}]],
  ] as const)("of EDEKs are refused when %s", async ([, edeks]) => {
    expect(outcome(await post(proxy.url, BATCH_UNWRAP, body("leased", { edeks })))).toEqual([
      400, 102,
    ]);
  });

  it.for(["leased", "unleased"])("of a thousand work for the tenant %s", async (tenant) => {
    const documentIds = Array.from({ length: 1_000 }, (_, index) => `id-${index}`);

    const wrapped = await post(proxy.url, BATCH_WRAP, body(tenant, { documentIds }));
    const { keys } = wrapped.json as Batch;
    const edeks = Object.fromEntries(Object.entries(keys).map(([id, { edek }]) => [id, edek]));
    const opened = await post(proxy.url, BATCH_UNWRAP, body(tenant, { edeks }));

    expect(Object.keys((opened.json as Batch).keys)).toHaveLength(1_000);
    expect(new Set(Object.values(keys).map(({ dek }) => dek)).size).toBe(1_000);
  });

  it("above the limit are refused before anything is done", async () => {
    const documentIds = Array.from({ length: 10_001 }, (_, index) => index);

    expect(outcome(await post(proxy.url, BATCH_WRAP, body("leased", { documentIds })))).toEqual([
      413, 102,
    ]);
  });

  it.for([
    ["no-primary", [422, 200]],
    ["nobody", [404, 201]],
  ] as const)("fail as a whole for the tenant %s", async ([tenant, expected]) => {
    const answer = await post(proxy.url, BATCH_WRAP, body(tenant, { documentIds: ["a"] }));
    expect(outcome(answer)).toEqual(expected);
  });
});

describe("one EDEK", () => {
  it.for([
    ["missing", undefined, 102],
    ["null", null, 102],
    ["a number", 5, 102],
    ["empty", "", 203],
    ["no base64", "not base64!", 203],
    ["base64 without padding", "QUE", 203],
    ["URL-safe base64", "-_-_", 203],
    ["base64 with a line break", "QUFB\nQUFB", 203],
    ["an empty list", Buffer.from([0x0a, 0]).toString("base64"), 203],
  ] as const)("is refused when %s", async ([, edek, code]) => {
    const members = { encryptedDocumentKey: edek };

    expect(outcome(await post(proxy.url, UNWRAP, body("leased", members)))).toEqual([400, code]);
    const rekey = await post(
      proxy.url,
      REKEY,
      body("leased", { ...members, newTenantId: "other" }),
    );
    expect(outcome(rekey)).toEqual([400, code]);
  });

  it.for([
    ["missing", undefined, [400, 102]],
    ["empty", "", [400, 102]],
    ["a number", 1, [400, 102]],
    ["unknown", "nobody", [404, 201]],
    ["without a primary", "no-primary", [422, 200]],
  ] as const)("is not rekeyed when the new tenant is %s", async ([, newTenantId, expected]) => {
    const { edek } = await wrap(proxy.url, "leased");
    const members = { encryptedDocumentKey: edek, newTenantId };

    expect(outcome(await post(proxy.url, REKEY, body("leased", members)))).toEqual(expected);
  });
});

/** Like `Object.fromEntries`, kept apart to show that `__proto__` stays a member of its own. */
function objectOf(entries: readonly (readonly [string, string])[]): object {
  return JSON.parse(
    `{${entries.map(([id, text]) => `${JSON.stringify(id)}:${JSON.stringify(text)}`).join()}}`,
  ) as object;
}
