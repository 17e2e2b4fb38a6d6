import { API_KEY } from "@tenant-security/testkit";
import { describe, expect, it } from "vitest";
import { RawClient, requestBytes } from "./support/raw-client.ts";
import { METADATA, startHttp } from "./support/start.ts";

const WRAP = "/api/1/document/wrap";
const BODY = JSON.stringify(METADATA);
const KEY = `authorization: cmk ${API_KEY}\r\n`;
const CHUNKED = { "content-length": undefined, "transfer-encoding": "chunked" };

describe("bytes that are no HTTP", () => {
  it.for([
    ["garbage", "garbage\r\n\r\n"],
    ["a TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
    ["an unknown method", "WRAP / HTTP/1.1\r\nhost: x\r\n\r\n"],
    ["an unknown version", "GET / HTTP/9.9\r\nhost: x\r\n\r\n"],
    ["a blank in a header's name", "GET / HTTP/1.1\r\nhost : x\r\n\r\n"],
    ["a zero byte in a header", "GET / HTTP/1.1\r\nhost: x\0y\r\n\r\n"],
    ["a folded header", "GET / HTTP/1.1\r\nhost: x\r\n y: z\r\n\r\n"],
    ["a length that is none", `POST ${WRAP} HTTP/1.1\r\nhost: x\r\ncontent-length: 1x\r\n\r\n`],
    ["a negative length", `POST ${WRAP} HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n`],
    [
      "two lengths",
      `POST ${WRAP} HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd`,
    ],
    [
      "a length and chunks",
      `POST ${WRAP} HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      "chunks that are not the last coding",
      `POST ${WRAP} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n`,
    ],
  ] as const)("get 400 and the connection's end: %s", async ([, bytes]) => {
    const { origin, log, observer } = await startHttp();
    const client = await RawClient.open(origin);

    const { status, headers, body } = await client.write(bytes).answer();

    expect([status, JSON.parse(body)]).toEqual([400, { code: 102, message: expect.any(String) }]);
    expect(Object.fromEntries(headers)).toMatchObject({
      connection: "close",
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(body)),
      "x-ray-id": expect.stringMatching(/^[\w-]{16}$/),
    });
    expect(await client.end()).toBe("closed");
    expect(log.lines).toMatchObject([{ fields: { ray_id: headers.get("x-ray-id"), code: 102 } }]);
    expect(observer.requests).toEqual(["other none 400 102"]);
  });

  it.for([
    ["chunk without a length", "x\r\nabc\r\n"],
    ["chunk that is longer than it says", "3\r\nabcdef\r\n"],
  ] as const)("are also found in a body: a %s", async ([, bytes]) => {
    const { origin, observer } = await startHttp();
    const client = await RawClient.open(origin);

    client.write(requestBytes(WRAP, "", CHUNKED) + bytes);
    const { status, headers, body } = await client.answer();

    expect([status, JSON.parse(body)]).toMatchObject([400, { code: 102 }]);
    expect(headers.get("connection")).toBe("close");
    expect(await client.end()).toBe("closed");
    expect(observer.requests).toEqual([`${WRAP} none 400 102`]);
    expect([...observer.open.values()]).toEqual([0]);
  });

  it("do not take away the answers to what came before", async () => {
    const { origin } = await startHttp();
    const client = await RawClient.open(origin);

    client.write(requestBytes(WRAP, BODY) + requestBytes(WRAP, BODY) + "garbage\r\n\r\n");

    const answers = [await client.answer(), await client.answer(), await client.answer()];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 400]);
    expect(await client.end()).toBe("closed");
  });

  it.for([
    ["one that is long", `x: ${"y".repeat(66_000)}\r\n`],
    [
      "many of them",
      Array.from({ length: 6_000 }, (_, index) => `x-${index}: yyyyyyyy\r\n`).join(""),
    ],
  ] as const)("and headers beyond 64 KiB get 431: %s", async ([, headers]) => {
    const { origin } = await startHttp();
    const client = await RawClient.open(origin);

    client.write(`POST ${WRAP} HTTP/1.1\r\nhost: x\r\n${headers}\r\n`);
    const { status, body } = await client.answer();

    expect([status, JSON.parse(body)]).toMatchObject([431, { code: 102 }]);
  });

  it("get 413 for chunk extensions without end", async () => {
    const { origin } = await startHttp();
    const client = await RawClient.open(origin);

    client.write(requestBytes(WRAP, "", CHUNKED) + `1;${"x".repeat(20_000)}`);

    expect((await client.answer()).status).toBe(413);
  });

  it("leave other connections alone", async () => {
    const { origin, post } = await startHttp();
    const clients = await Promise.all(Array.from({ length: 50 }, () => RawClient.open(origin)));

    for (const client of clients) client.write("\0\0\0\0");

    expect((await post(WRAP)).status).toBe(200);
    await Promise.all(clients.map((client) => client.end()));
  });
});

describe("a request's head", () => {
  it("may have 60 KiB of headers, in 2,500 lines", async () => {
    const { origin } = await startHttp();
    const client = await RawClient.open(origin);
    const lines = Array.from({ length: 2_500 }, (_, index) => [`x-${index}`, "yyyyyyyyyyyy"]);

    client.write(requestBytes(WRAP, BODY, Object.fromEntries(lines)));

    expect((await client.answer()).status).toBe(200);
  });

  it.for([
    ["no Host header", `POST ${WRAP} HTTP/1.1\r\n${KEY}content-length: 0\r\n\r\n`],
    [
      "two Host headers",
      `POST ${WRAP} HTTP/1.1\r\nhost: x\r\nhost: y\r\ncontent-length: 0\r\n\r\n`,
    ],
  ] as const)("with %s gets 400", async ([, bytes]) => {
    const { origin } = await startHttp();
    const client = await RawClient.open(origin);

    const { status, body } = await client.write(bytes).answer();

    expect([status, JSON.parse(body)]).toMatchObject([400, { code: 102 }]);
    expect(body).toContain("Host");
  });

  it("with a transfer coding that nobody knows gets 415", async () => {
    const { origin } = await startHttp();
    const client = await RawClient.open(origin);
    const headers = { ...CHUNKED, "transfer-encoding": "gzip, chunked" };

    client.write(`${requestBytes(WRAP, "", headers)}0\r\n\r\n`);

    expect((await client.answer()).status).toBe(415);
  });

  it("may ask for CONNECT in vain", async () => {
    const { origin } = await startHttp();
    const client = await RawClient.open(origin);

    client.write("CONNECT elsewhere.example:443 HTTP/1.1\r\nhost: x\r\n\r\n");
    const { status, body } = await client.answer();

    expect([status, JSON.parse(body)]).toMatchObject([405, { code: 102 }]);
    expect(await client.end()).toBe("closed");
  });

  it("may ask for an upgrade in vain", async () => {
    const { origin } = await startHttp();
    const client = await RawClient.open(origin);

    client.write(requestBytes(WRAP, BODY, { connection: "upgrade", upgrade: "h2c" }));

    expect((await client.answer()).status).toBe(200);
  });
});
