import { API_KEY, get } from "@tenant-security/testkit";
import { describe, expect, it } from "vitest";
import { API_PATHS } from "../../src/http/endpoints.ts";
import { RawClient, requestBytes } from "./support/raw-client.ts";
import { METADATA, startHttp } from "./support/start.ts";

const WRAP = "/api/1/document/wrap";
const BODY = JSON.stringify(METADATA);
const authorization = `cmk ${API_KEY}`;

describe("routes", () => {
  it.for([
    ["a doubled slash in front", "//api/1/document/wrap"],
    ["many slashes in front", "/////api/1/document/wrap"],
    ["a query", "/api/1/document/wrap?a=b&a=c&__proto__=d"],
    ["a query that is no valid encoding", "/api/1/document/wrap?%zz"],
    ["a letter percent-encoded", "/api/1/document/%77rap"],
    ["absolute form", "http://any.example:1234/api/1/document/wrap"],
    ["absolute form with a doubled slash", "http://any.example//api/1/document/wrap"],
  ] as const)("are found with %s", async ([, target]) => {
    const { origin } = await startHttp();
    const client = await RawClient.open(origin);

    client.write(requestBytes(target, BODY));

    expect((await client.answer()).status).toBe(200);
  });

  it.for([
    ["another version", "/api/2/document/wrap"],
    ["a trailing slash", "/api/1/document/wrap/"],
    ["a doubled slash inside", "/api/1//document/wrap"],
    ["an encoded slash", "/api/1/document%2Fwrap"],
    ["another case", "/api/1/document/Wrap"],
    ["a path longer than any", `/api/1/${"x".repeat(30_000)}`],
    ["the old derivation", "/api/1/key/derive"],
  ] as const)("are not found with %s", async ([, path]) => {
    const { post } = await startHttp();

    const answer = await post(path);

    expect([answer.status, answer.json]).toMatchObject([404, { code: 102 }]);
  });

  it.for(API_PATHS)("%s only takes POST", async (path) => {
    const { origin } = await startHttp();

    const answer = await get(origin + path, { headers: { authorization } });

    expect([answer.status, answer.headers.allow, answer.json]).toMatchObject([
      405,
      "POST",
      { code: 102 },
    ]);
  });

  it.for(["PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND", "M-SEARCH", "TRACE", "QUERY"])(
    "refuse %s, whatever its body is",
    async (method) => {
      const { post } = await startHttp();

      const answer = await post(WRAP, "<xml/>", {
        method,
        headers: { "content-type": "not a type" },
      });

      expect([answer.status, answer.headers.allow]).toEqual([405, "POST"]);
    },
  );

  it("answer HEAD without a body", async () => {
    const { origin } = await startHttp();
    const client = await RawClient.open(origin);

    client.write(
      `HEAD ${WRAP} HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\nconnection: close\r\n\r\n`,
    );
    await client.end();

    expect(client.received).toMatch(/^HTTP\/1\.1 405 [^]*\r\nAllow: POST\r\n[^]*\r\n\r\n$/);
  });

  it("answer a path that cannot be decoded with 400", async () => {
    const { post } = await startHttp();

    const answer = await post("/api/1/document/%zz");

    expect([answer.status, answer.json]).toMatchObject([400, { code: 102 }]);
  });
});

describe("GET /metrics", () => {
  it("answers the scrape without an API key", async () => {
    const { origin } = await startHttp();

    const answer = await get(`${origin}/metrics?name[]=x`);

    expect(answer).toMatchObject({ status: 200, text: "tsp_up 1\n" });
    expect(answer.headers).toMatchObject({
      "content-type": "text/plain; version=0.0.4",
      "content-length": "9",
      "x-ray-id": expect.stringMatching(/^[\w-]{16}$/),
    });
  });

  it("answers HEAD with the same headers", async () => {
    const { post } = await startHttp();

    const answer = await post("/metrics", {}, { method: "HEAD" });

    expect([answer.status, answer.text, answer.headers["content-length"]]).toEqual([200, "", "9"]);
  });

  it("takes no other method", async () => {
    const { post } = await startHttp();

    const answer = await post("/metrics");

    expect([answer.status, answer.headers.allow]).toEqual([405, "GET, HEAD"]);
  });

  it("says 500 when the metrics cannot be collected", async () => {
    const { origin, log } = await startHttp({ scrape: () => Promise.reject(new Error("broken")) });

    const answer = await get(`${origin}/metrics`);

    expect([answer.status, answer.json]).toMatchObject([500, { code: 100 }]);
    expect(log.lines).toMatchObject([{ level: "error", fields: { endpoint: "/metrics" } }]);
  });
});

describe("every answer", () => {
  it("has a ray id of its own, a length, and JSON's exact type", async () => {
    const { post } = await startHttp();

    const answers = await Promise.all([post(WRAP), post(WRAP), post("/nothing"), post(WRAP, "{")]);

    for (const { headers, text } of answers) {
      expect(headers["content-type"]).toBe("application/json");
      expect(headers["content-length"]).toBe(String(Buffer.byteLength(text)));
      expect(headers["x-ray-id"]).toMatch(/^[\w-]{16}$/);
    }
    expect(new Set(answers.map(({ headers }) => headers["x-ray-id"])).size).toBe(answers.length);
  });
});
