import { describe, expect, it } from "vitest";
import { RawClient, requestBytes } from "./support/raw-client.ts";
import { METADATA, startHttp } from "./support/start.ts";

const WRAP = "/api/1/document/wrap";
const JSON_BODY = JSON.stringify(METADATA);
const BOM = "\uFEFF";

describe("a body's type", () => {
  it.for([
    undefined,
    "",
    "application/json",
    "Application/JSON",
    "application/json; charset=utf-8",
    "application/json;charset=UTF-8",
    'application/json ; profile="x;y"',
    "application/json; charset=latin1",
    "application/json;",
  ])("may be %s", async (type) => {
    const { post } = await startHttp();

    const { status } = await post(WRAP, JSON_BODY, { headers: { "content-type": type } });

    expect(status).toBe(200);
  });

  it.for([
    "text/plain",
    "application/jsonx",
    "application/json+x",
    "application/xml",
    "json",
    ";",
    "text/json; application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
  ])("must not be %s", async (type) => {
    const { post } = await startHttp();

    const answer = await post(WRAP, JSON_BODY, { headers: { "content-type": type } });

    expect([answer.status, answer.json]).toMatchObject([415, { code: 102 }]);
  });

  it.for([
    ["identity", 200],
    ["Identity", 200],
    ["", 200],
    ["gzip", 415],
    ["br", 415],
    ["identity, gzip", 415],
  ] as const)("with the content coding %j gives %i", async ([coding, status]) => {
    const { post } = await startHttp();

    const answer = await post(WRAP, JSON_BODY, { headers: { "content-encoding": coding } });

    expect(answer.status).toBe(status);
  });
});

describe("a body's size", () => {
  const limits = { maxBodyBytes: 2_000 };
  it.for([
    [2_000, 200],
    [2_001, 413],
    [1_000_000, 413],
  ] as const)("of %i bytes gives %i, and the connection goes on", async ([bytes, status]) => {
    const { origin } = await startHttp({ limits });
    const client = await RawClient.open(origin);

    client.write(requestBytes(WRAP, padded(bytes)));
    expect((await client.answer()).status).toBe(status);

    client.write(requestBytes(WRAP, JSON_BODY));
    expect((await client.answer()).status).toBe(200);
  });

  it("is also limited when no length is announced", async () => {
    const { origin } = await startHttp({ limits });
    const client = await RawClient.open(origin);
    const headers = { "content-length": undefined, "transfer-encoding": "chunked" };
    const chunk = "x".repeat(1_500);

    client.write(requestBytes(WRAP, "", headers));
    client.write(`5dc\r\n${chunk}\r\n`).write(`5dc\r\n${chunk}\r\n`);
    expect(JSON.parse((await client.answer()).body)).toMatchObject({ code: 102 });

    client.write(`5dc\r\n${chunk}\r\n0\r\n\r\n`).write(requestBytes(WRAP, JSON_BODY));
    expect((await client.answer()).status).toBe(200);
  });

  it("may arrive byte by byte", async () => {
    const { origin } = await startHttp();
    const client = await RawClient.open(origin);
    const chunks = Array.from(JSON_BODY, (byte) => `1\r\n${byte}\r\n`);

    client.write(
      requestBytes(WRAP, "", { "content-length": undefined, "transfer-encoding": "chunked" }),
    );
    for (const chunk of chunks) {
      client.write(chunk);
      await new Promise((resolve) => void setImmediate(resolve));
    }
    client.write("0\r\n\r\n");

    expect((await client.answer()).status).toBe(200);
  });
});

describe("a body's text", () => {
  it("may begin with a byte order mark", async () => {
    const { post } = await startHttp();

    expect((await post(WRAP, BOM + JSON_BODY)).status).toBe(200);
  });

  it.for([
    ["nothing", ""],
    ["blanks", "   "],
    ["no JSON", "{tenantId: 1}"],
    ["JSON that is cut", JSON_BODY.slice(0, -1)],
    ["two values", "{}{}"],
    ["a mark in the middle", JSON_BODY + BOM],
    ["an array", `[${JSON_BODY}]`],
    ["text", '"text"'],
    ["a number", "1"],
    ["null", "null"],
    ["an array of many levels", "[".repeat(30_000)],
    ["an object of many levels", '{"a":'.repeat(10_000)],
  ] as const)("must not be %s", async ([, body]) => {
    const { post } = await startHttp();

    const answer = await post(WRAP, body);

    expect([answer.status, answer.json]).toMatchObject([400, { code: 102 }]);
  });

  it("must be UTF-8", async () => {
    const { origin } = await startHttp();
    const client = await RawClient.open(origin);
    const body = JSON_BODY.replace("acme", "caf\xe9");

    client.write(requestBytes(WRAP, "", { "content-length": String(body.length) }) + body);
    const answer = await client.answer();

    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([400, { code: 102 }]);
    expect(answer.body).toContain("UTF-8");
  });

  it("is never quoted in the answer or the log", async () => {
    const { post, log } = await startHttp();

    const answer = await post(WRAP, '{"tenantId":"top-secret", oops}');

    expect(answer.text + JSON.stringify(log.lines)).not.toContain("top-secret");
  });

  it("may have members that nobody knows, on every level", async () => {
    const { post } = await startHttp();

    const { status } = await post(WRAP, {
      iclFields: { requestingId: "r", deep: [{ a: null }] },
      documentIds: 7,
      extra: { tenantId: 1 },
      timestampMillis: "never",
    });

    expect(status).toBe(200);
  });
});

describe("refusals come in order", () => {
  const wrong = { "content-type": "text/plain", authorization: "cmk wrong" };

  it.for([
    ["HTTP syntax before the API key", "/api/1/%zz", wrong, "x", 400],
    ["the API key before the route", "/api/1/nothing", wrong, "x", 401],
    ["the route before the type", "/api/1/nothing", { "content-type": "text/plain" }, "x", 404],
    ["the type before the size", WRAP, { "content-type": "text/plain" }, "x".repeat(70_000), 415],
    ["the size before the body", WRAP, {}, "x".repeat(70_000), 413],
    ["the body last", WRAP, {}, "x", 400],
  ] as const)("%s", async ([, path, headers, body, status]) => {
    const { post } = await startHttp();

    expect((await post(path, body, { headers })).status).toBe(status);
  });
});

/** A good body of so many bytes. */
function padded(bytes: number): string {
  const body = { ...METADATA, padding: "" };
  const padding = "x".repeat(bytes - JSON.stringify(body).length);
  return JSON.stringify({ ...body, padding });
}
