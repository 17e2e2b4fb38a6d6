import { API_KEY } from "@tenant-security/testkit";
import { describe, expect, it } from "vitest";
import type { WrappedKey } from "../../src/keys/ports.ts";
import { RawClient, requestBytes } from "./support/raw-client.ts";
import { METADATA, startHttp } from "./support/start.ts";
import { until } from "./support/until.ts";

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

describe("a connection", () => {
  it("serves one request after the other", async () => {
    const { origin, observer } = await startHttp();
    const client = await RawClient.open(origin);

    for (const _ of [1, 2, 3]) {
      const { status, headers } = await client.write(requestBytes(WRAP, BODY)).answer();
      expect([status, headers.get("connection")]).toEqual([200, "keep-alive"]);
      expect(headers.get("keep-alive")).toBe("timeout=90");
    }
    expect(observer.connected).toBe(1);
  });

  it("answers pipelined requests in order, refused ones too", async () => {
    const { origin } = await startHttp();
    const client = await RawClient.open(origin);
    const wraps = Array.from({ length: 200 }, (_, index) =>
      index % 3 === 0 ? requestBytes("/nothing", "") : requestBytes(WRAP, BODY),
    );

    client.write(wraps.join(""));

    for (const [index] of wraps.entries()) {
      expect((await client.answer()).status).toBe(index % 3 === 0 ? 404 : 200);
    }
  });

  it("may have 256 requests waiting; one more is refused", async () => {
    const { origin, keys, observer } = await startHttp();
    const wrapping = Promise.withResolvers<WrappedKey>();
    keys.wrap = () => wrapping.promise;
    const client = await RawClient.open(origin);

    client.write(requestBytes(WRAP, BODY).repeat(257));
    await until(() => observer.requests.length === 1);
    wrapping.resolve({ dek: Buffer.alloc(32), edek: Buffer.alloc(1) });

    for (let served = 0; served < 256; served += 1) {
      expect((await client.answer()).status).toBe(200);
    }
    const last = await client.answer();
    expect([last.status, JSON.parse(last.body)]).toMatchObject([503, { code: 100 }]);
    expect(observer.requests[0]).toBe(`${WRAP} none 503 100`);
  });

  it("is closed after HTTP/1.0, unless it asks otherwise", async () => {
    const { origin } = await startHttp();
    const bytes = requestBytes(WRAP, BODY).replace("HTTP/1.1", "HTTP/1.0");

    const once = await RawClient.open(origin);
    expect((await once.write(bytes).answer()).status).toBe(200);
    expect(await once.end()).toBe("closed");

    const kept = await RawClient.open(origin);
    const keeping = bytes.replace("host:", "connection: keep-alive\r\nhost:");
    expect((await kept.write(keeping).answer()).status).toBe(200);
    expect((await kept.write(keeping).answer()).status).toBe(200);
  });

  it("of a client that has closed its half still gets the answer", async () => {
    const { origin } = await startHttp();
    const client = await RawClient.open(origin, true);

    client.socket.end(requestBytes(WRAP, BODY), "latin1");

    expect((await client.answer()).status).toBe(200);
    expect(await client.end()).toBe("closed");
  });

  it("that ends inside a body gets 400, or nothing when it is gone", async () => {
    const { origin, observer, post } = await startHttp();
    const half = requestBytes(WRAP, BODY).slice(0, -10);

    const closing = await RawClient.open(origin, true);
    closing.socket.end(half, "latin1");
    expect((await closing.answer()).status).toBe(400);

    const leaving = await RawClient.open(origin);
    leaving.write(half);
    await until(() => observer.open.get(WRAP) === 1);
    leaving.socket.resetAndDestroy();
    await until(() => observer.open.get(WRAP) === 0);

    expect(observer.requests).toEqual([`${WRAP} none 400 102`, `${WRAP} none 0 102`]);
    expect((await post(WRAP)).status).toBe(200);
  });

  it("may be left while the KMS is being asked", async () => {
    const { origin, observer, keys, post } = await startHttp();
    const wrapping = Promise.withResolvers<WrappedKey>();
    keys.wrap = () => wrapping.promise;
    const dek = Buffer.alloc(32, 7);
    const client = await RawClient.open(origin);

    client.write(requestBytes(WRAP, BODY));
    await until(() => observer.open.get(WRAP) === 1);
    client.socket.resetAndDestroy();
    await until(() => observer.connected === 0);
    wrapping.resolve({ dek, edek: Buffer.from("edek") });

    await until(() => observer.open.get(WRAP) === 0);
    expect(dek.every((byte) => byte === 0)).toBe(true);
    expect((await post("/api/1/document/batch-wrap", { documentIds: [] })).status).toBe(200);
  });
});
