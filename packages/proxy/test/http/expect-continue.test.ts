import { describe, expect, it } from "vitest";
import { RawClient, requestBytes } from "./support/raw-client.ts";
import { METADATA, startHttp } from "./support/start.ts";

const WRAP = "/api/1/document/wrap";
const BODY = JSON.stringify(METADATA);

describe("Expect: 100-continue", () => {
  it("gets its 100 before the body", async () => {
    const { origin } = await startHttp();
    const client = await RawClient.open(origin);
    const [head = "", body = ""] = requestBytes(WRAP, BODY, { expect: "100-continue" }).split(
      /(?<=\r\n\r\n)/,
    );

    client.write(head);
    expect((await client.answer()).status).toBe(100);

    client.write(body);
    expect((await client.answer()).status).toBe(200);
  });

  it.for([
    ["a wrong key", { authorization: "cmk wrong" }, 401],
    ["a wrong type", { "content-type": "text/plain" }, 415],
    ["too large a body", { "content-length": "99999999" }, 413],
  ] as const)("gets its refusal instead with %s", async ([, headers, status]) => {
    const { origin } = await startHttp();
    const client = await RawClient.open(origin);

    client.write(
      requestBytes(WRAP, "", { expect: "100-Continue", "content-length": "80", ...headers }),
    );
    const answer = await client.answer();

    expect([answer.status, answer.headers.get("connection")]).toEqual([status, "close"]);
    expect(await client.end()).toBe("closed");
  });

  it("is ignored in HTTP/1.0, which has no interim answers", async () => {
    const { origin } = await startHttp();
    const client = await RawClient.open(origin);
    const bytes = requestBytes(WRAP, BODY, { expect: "100-continue" });

    client.write(bytes.replace("HTTP/1.1", "HTTP/1.0"));

    expect((await client.answer()).status).toBe(200);
  });

  it("is the only expectation there is", async () => {
    const { origin } = await startHttp();
    const client = await RawClient.open(origin);

    client.write(requestBytes(WRAP, BODY, { expect: "a-miracle" }));
    const { status, body } = await client.answer();

    expect([status, JSON.parse(body)]).toMatchObject([417, { code: 102 }]);
  });
});
