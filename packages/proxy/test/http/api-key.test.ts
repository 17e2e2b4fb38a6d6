import { API_KEY } from "@tenant-security/testkit";
import { describe, expect, it } from "vitest";
import { RawClient } from "./support/raw-client.ts";
import { METADATA, startHttp } from "./support/start.ts";

const WRAP = "/api/1/document/wrap";
const SECOND_KEY = "a-second-key-that-is-accepted";

describe("the API key", () => {
  it.for([
    ["the usual header", `cmk ${API_KEY}`],
    ["a scheme in capitals", `CMK ${API_KEY}`],
    ["a scheme in mixed case", `cMk ${API_KEY}`],
    ["blanks around the key", `cmk   ${API_KEY}  `],
    ["a tab between scheme and key", `cmk\t${API_KEY}`],
    ["the second key", `cmk ${SECOND_KEY}`],
  ] as const)("is accepted in %s", async ([, authorization]) => {
    const { post } = await startHttp({ apiKeys: [API_KEY, SECOND_KEY] });

    expect(await post(WRAP, {}, { headers: { authorization } })).toMatchObject({ status: 200 });
  });

  it.for([
    ["no header", undefined],
    ["an empty header", ""],
    ["the scheme alone", "cmk"],
    ["the scheme and blanks", "cmk   "],
    ["the bare key", API_KEY],
    ["the key right behind the scheme", `cmk${API_KEY}`],
    ["another scheme", `Bearer ${API_KEY}`],
    ["a content type in the wrong header", "application/json"],
    ["a wrong key", "cmk AAAAAAAAAAAAAAAA"],
    ["a key with something behind it", `cmk ${API_KEY} x`],
    ["a key that is cut", `cmk ${API_KEY.slice(0, -1)}`],
    ["a key in the wrong case", `cmk ${API_KEY.toUpperCase()}`],
    ["two keys in one header", `cmk ${API_KEY}, cmk ${API_KEY}`],
  ] as const)(
    "is refused with %s, and the answer shows the right form",
    async ([, authorization]) => {
      const { post, keys, log } = await startHttp();

      const answer = await post(WRAP, {}, { headers: { authorization } });

      expect([answer.status, answer.json]).toEqual([
        401,
        { code: 101, message: expect.stringContaining("`Authorization: cmk <API key>`") },
      ]);
      expect(keys.calls).toEqual([]);
      expect(JSON.stringify([answer.text, log.lines])).not.toContain(API_KEY);
    },
  );

  it.for([
    ["a wrong key", "cmk AAAAAAAAAAAAAAAA"],
    ["a key of the same length that differs in its last character", `cmk ${API_KEY.slice(0, -1)}!`],
    ["no key", undefined],
  ] as const)(
    "is asked for again when a connection that was accepted comes with %s",
    async ([, authorization]) => {
      const { origin } = await startHttp();
      const client = await RawClient.open(origin);
      const send = async (header: string | undefined): Promise<number> => {
        const line = header === undefined ? "" : `authorization: ${header}\r\n`;
        const body = JSON.stringify(METADATA);
        const head = `host: x\r\n${line}content-length: ${body.length}\r\n`;
        client.write(`POST ${WRAP} HTTP/1.1\r\n${head}\r\n${body}`);
        return (await client.answer()).status;
      };
      const right = `cmk ${API_KEY}`;

      const answers = [await send(right), await send(right), await send(authorization)];

      expect([...answers, await send(right)]).toEqual([200, 200, 401, 200]);
    },
  );

  it("is refused when there are two headers, even of the same right key", async () => {
    const { origin } = await startHttp();
    const client = await RawClient.open(origin);
    const header = `authorization: cmk ${API_KEY}\r\n`;

    client.write(`POST ${WRAP} HTTP/1.1\r\nhost: x\r\n${header}${header}content-length: 0\r\n\r\n`);

    expect(JSON.parse((await client.answer()).body)).toMatchObject({ code: 101 });
  });

  it.for([
    "/api/1/document/wrap",
    "/api/1/nothing",
    "/api/",
    "/api/2/document/wrap",
    "/api/1/document/wrap/",
    "//api/1/document/wrap",
    "////api/1/nothing",
    "/%61pi/1/document/wrap",
    "/%61%70%69/1/nothing",
    "/api%2F1%2Fdocument%2Fwrap",
    "%2Fapi/1/nothing",
    "/api/1/document/wrap?x=1",
    "/api/1/nothing?/../metrics",
    "http://elsewhere/api/1/document/wrap",
    "http://elsewhere//api/1/nothing",
    "/api/../metrics",
  ])("is asked for at %s", async (target) => {
    const { origin } = await startHttp();
    const client = await RawClient.open(origin);

    client.write(`POST ${target} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n`);
    const { status, body } = await client.answer();

    // A target without a slash in front is no HTTP at all, which comes first.
    const [http, code] = target.startsWith("%") ? [400, 102] : [401, 101];
    expect([status, JSON.parse(body)]).toEqual([http, { code, message: expect.any(String) }]);
  });

  it.for(["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND", "QUERY", "TRACE"])(
    "is asked for by %s",
    async (method) => {
      const { origin } = await startHttp();
      const client = await RawClient.open(origin);

      client.write(`${method} ${WRAP} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
      await client.end();

      expect(client.received).toMatch(/^HTTP\/1\.1 401 /);
    },
  );

  it.for(["/", "/nothing", "/apix/1", "/API/1/document/wrap"])(
    "is not asked for at %s",
    async (path) => {
      const { post } = await startHttp();

      const answer = await post(path, {}, { headers: { authorization: undefined } });

      expect([answer.status, answer.json]).toMatchObject([404, { code: 102 }]);
    },
  );
});
