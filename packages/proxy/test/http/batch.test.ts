import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { METADATA, startHttp } from "./support/start.ts";

const WRAP = "/api/1/document/batch-wrap";
const UNWRAP = "/api/1/document/batch-unwrap";

interface Batch {
  readonly keys: Readonly<Record<string, { readonly dek: string; readonly edek: string }>>;
  readonly failures: Readonly<Record<string, { readonly code: number }>>;
}

const ODD_IDS = [
  "",
  "0",
  "17",
  "__proto__",
  "constructor",
  "toString",
  'with "quotes" and \\ and \n',
  "ünïcødé \u{1F511} \u0000",
  "\ud800 alone",
  "\udc00\ud800",
  "x".repeat(1_000),
  "keys",
  "failures",
];

describe("POST /api/1/document/batch-wrap", () => {
  it("has one entry for each id, however odd", async () => {
    const { post } = await startHttp();

    const { status, json } = await post(WRAP, { documentIds: ODD_IDS });

    const { keys, failures } = json as Batch;
    expect(status).toBe(200);
    expect(Object.keys(keys).toSorted()).toEqual(ODD_IDS.toSorted());
    expect(Object.values(keys).every(({ dek, edek }) => dek.length === 44 && edek)).toBe(true);
    expect(failures).toEqual({});
    expect(Object.hasOwn(keys, "__proto__")).toBe(true);
  });

  it("has the length it says at and around the length from which answers go out in parts", async () => {
    const { post } = await startHttp();
    const { text } = await post(WRAP, { documentIds: [""] });
    const room = (16 * 1_024 - Buffer.byteLength(text)) / 2;

    for (const count of [-2, -1, 0, 1, 2].map((more) => Math.floor(room) + more)) {
      const id = "ü".repeat(count);
      const { json, headers, text: answer } = await post(WRAP, { documentIds: [id] });

      expect(Object.keys((json as Batch).keys)).toEqual([id]);
      expect(headers["content-length"]).toBe(String(Buffer.byteLength(answer)));
      expect(headers["content-type"]).toBe("application/json");
    }
  });

  it("answers an id that is sent twice once", async () => {
    const { post, keys } = await startHttp();

    const { json } = await post(WRAP, { documentIds: ["a", "b", "a", 1, "1"] });

    expect(Object.keys((json as Batch).keys).toSorted()).toEqual(["1", "a", "b"]);
    expect(keys.calls.map(({ asked }) => asked)).toEqual([["a", "b", "1"]]);
  });

  it("takes numbers as their decimal text, also those that no double holds", async () => {
    const { post } = await startHttp();
    const ids = "[7,-1,1.5,0,12345678901234567890,9223372036854775807]";

    const { json } = await post(
      WRAP,
      JSON.stringify(METADATA).replace("{", `{"documentIds":${ids},`),
    );

    expect(Object.keys((json as Batch).keys).toSorted()).toEqual(
      ["7", "-1", "1.5", "0", "12345678901234567890", "9223372036854775807"].toSorted(),
    );
  });

  it("answers an empty batch with two empty objects", async () => {
    const { post } = await startHttp();

    expect((await post(WRAP, { documentIds: [] })).text).toBe('{"keys":{},"failures":{}}');
    expect((await post(UNWRAP, { edeks: {} })).text).toBe('{"keys":{},"failures":{}}');
    expect((await post(UNWRAP, { edeks: [] })).text).toBe('{"keys":{},"failures":{}}');
  });

  it("fails as a whole when the tenant is unusable", async () => {
    const { post } = await startHttp();

    const answer = await post(WRAP, { tenantId: "unknown", documentIds: ["a"] });

    expect([answer.status, answer.json]).toMatchObject([404, { code: 201 }]);
  });
});

describe("POST /api/1/document/batch-unwrap", () => {
  it("opens what can be opened and says why the rest cannot", async () => {
    const { post } = await startHttp();
    const made = (await post(WRAP, { documentIds: ODD_IDS })).json as Batch;
    const good = Object.entries(made.keys).map(([id, { edek }]) => [id, edek] as const);

    const { status, json } = await post(UNWRAP, {
      edeks: Object.fromEntries([...good, ["bad", "AAAA"], ["empty", ""]]),
    });

    const { keys, failures } = json as Batch;
    expect(status).toBe(200);
    for (const [id, { dek }] of Object.entries(made.keys)) expect(keys[id]).toEqual({ dek });
    expect(Object.keys(keys)).toHaveLength(ODD_IDS.length);
    const failure = {
      code: 203,
      message: expect.stringContaining("didn't contain IronCore EDEKs"),
    };
    expect(failures).toEqual({ bad: failure, empty: failure });
  });

  it("takes an array as a map from its indices", async () => {
    const { post } = await startHttp();
    const { edek } = ((await post(WRAP, { documentIds: ["a"] })).json as Batch).keys["a"] ?? {};

    const { json } = await post(UNWRAP, { edeks: [edek, edek, "AAAA"] });

    expect(Object.keys((json as Batch).keys)).toEqual(["0", "1"]);
    expect(Object.keys((json as Batch).failures)).toEqual(["2"]);
  });
});

describe("a batch", () => {
  it.for([
    ["no ids", WRAP, {}, "documentIds is missing"],
    ["null as ids", WRAP, { documentIds: null }, "documentIds must be an array"],
    ["a map of ids", WRAP, { documentIds: { a: 1 } }, "documentIds must be an array"],
    ["null among the ids", WRAP, { documentIds: ["a", null] }, "documentIds.* must be a string"],
    ["a list among the ids", WRAP, { documentIds: [["a"]] }, "documentIds.* must be a string"],
    ["no EDEKs", UNWRAP, {}, "edeks is missing"],
    ["text as EDEKs", UNWRAP, { edeks: "AAAA" }, "edeks must be an object or an array"],
    ["a number as EDEK", UNWRAP, { edeks: { mine: 7 } }, "edeks.* must be a string"],
    ["null as EDEK in an array", UNWRAP, { edeks: [null] }, "edeks.* must be a string"],
  ] as const)("is refused with %s", async ([, path, body, text]) => {
    const { post } = await startHttp();

    const answer = await post(path, body);

    expect([answer.status, answer.json]).toEqual([
      400,
      { code: 102, message: expect.stringContaining(text) },
    ]);
    expect(answer.text).not.toContain("mine");
  });

  it.for([
    [WRAP, { documentIds: ["a", "b", "c", "d"] }],
    [WRAP, { documentIds: [null, null, null, null] }],
    [UNWRAP, { edeks: { a: "", b: "", c: "", d: "" } }],
    [UNWRAP, { edeks: ["", "", "", ""] }],
    ["/api/1/document/report-operations", { operations: { a: {}, b: {}, c: {}, d: 1 } }],
    ["/api/1/key/derive-with-secret-path", { paths: { a: ["b", "c"], d: ["e", "f"] } }],
    ["/api/1/key/derive-with-secret-path", { paths: { a: [], b: [], c: [], d: [] } }],
  ] as const)("beyond the limit is 413 before anything else: %s %j", async ([path, body]) => {
    const { post } = await startHttp({ limits: { maxBatchSize: 3 } });

    const answer = await post(path, { ...body, tenantId: 7 });

    expect([answer.status, answer.json]).toMatchObject([413, { code: 102 }]);
    expect(answer.text).toContain("the limit is 3");
  });

  it("at the limit is served", async () => {
    const { post } = await startHttp({ limits: { maxBatchSize: 3 } });

    expect((await post(WRAP, { documentIds: ["a", "b", "c"] })).status).toBe(200);
  });

  it("of 10,000 keys lets others work in between", async () => {
    const { post } = await startHttp({ limits: { maxBatchSize: 10_000, maxBodyBytes: 8_388_608 } });
    const documentIds = Array.from({ length: 10_000 }, (_, index) => `document-${index}`);
    const over = new AbortController();
    onTestFinished(() => over.abort());
    let turns = 0;
    void (async () => {
      for (; !over.signal.aborted; turns += 1) await nextTurn();
    })();

    const made = (await post(WRAP, { documentIds })).json as Batch;
    const edeks = Object.fromEntries(Object.entries(made.keys).map(([id, key]) => [id, key.edek]));
    turns = 0;
    const opened = (await post(UNWRAP, { edeks })).json as Batch;

    expect(Object.keys(opened.keys)).toHaveLength(10_000);
    expect(opened.keys["document-77"]?.dek).toBe(made.keys["document-77"]?.dek);
    // Forty slices of the answer, and what the body takes.
    expect(turns).toBeGreaterThan(40);
  });
});
