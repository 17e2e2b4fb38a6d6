import { API_KEY, get, RawSocket } from "@tenant-security/testkit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import {
  BATCH_WRAP,
  body,
  rawRequest,
  SECURITY_EVENT,
  UNWRAP,
  WRAP,
  wrap,
} from "./support/requests.ts";
import { sharedProxy } from "./support/shared-proxy.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const KEY = `Authorization: cmk ${API_KEY}`;
const JSON_TYPE = "Content-Type: application/json";
const GOOD = JSON.stringify(body("leased"));
const LENGTH = `Content-Length: ${GOOD.length}`;

const proxy = sharedProxy();

async function open(): Promise<RawSocket> {
  const socket = await RawSocket.open(proxy.url);
  onTestFinished(() => socket.close());
  return socket;
}

/** Status and code of the answer to a wrap with these header lines. */
async function wrapWith(headers: readonly string[], content: string | Uint8Array = GOOD) {
  const socket = await open();
  const length = `Content-Length: ${Buffer.from(content).length}`;
  socket.write(rawRequest("/api/1/document/wrap", content, [length, ...headers]));
  const { status, body: text } = await socket.answer();
  return [status, (JSON.parse(text) as { code?: number }).code];
}

describe("the API key", () => {
  it.for([
    ["is accepted as documented", [KEY]],
    ["has a scheme in any case", [`Authorization: CMK ${API_KEY}`]],
    ["may have blanks around it", [`Authorization:  \t cmk   ${API_KEY}  `]],
    ["has a header in any case", [`aUTHORIZATION: cmk ${API_KEY}`]],
  ] as const)("%s", async ([, headers]) => {
    expect(await wrapWith([...headers, JSON_TYPE])).toEqual([200, undefined]);
  });

  it.for([
    ["is missing", []],
    ["is empty", ["Authorization:"]],
    ["is only a scheme", ["Authorization: cmk"]],
    ["is only a scheme and a blank", ["Authorization: cmk "]],
    ["has no scheme", [`Authorization: ${API_KEY}`]],
    ["has another scheme", [`Authorization: Bearer ${API_KEY}`]],
    ["has no blank behind the scheme", [`Authorization: cmk${API_KEY}`]],
    ["differs in one character", [`Authorization: cmk ${API_KEY.slice(0, -1)}9`]],
    ["is longer", [`Authorization: cmk ${API_KEY}=`]],
    ["is shorter", [`Authorization: cmk ${API_KEY.slice(0, -1)}`]],
    ["is a thousand characters long", [`Authorization: cmk ${"x".repeat(1_000)}`]],
    ["is no ASCII", ["Authorization: cmk \u00e4\u00f6\u00fc"]],
    ["is there twice", [KEY, KEY]],
    ["is there twice, the second one wrong", [KEY, "Authorization: cmk wrong"]],
    ["is the content type", ["Authorization: application/json"]],
  ] as const)("that %s is refused", async ([, headers]) => {
    expect(await wrapWith([...headers, JSON_TYPE])).toEqual([401, 101]);
  });

  it("is named in the message when the scheme is wrong, without repeating the key", async () => {
    const socket = await open();
    const lines = [LENGTH, "Authorization: Bearer c2VjcmV0LXZhbHVl", JSON_TYPE];
    socket.write(rawRequest("/api/1/document/wrap", GOOD, lines));

    const { body: text } = await socket.answer();

    expect(text).toContain("cmk");
    expect(text).not.toContain("c2VjcmV0");
  });

  it.for([
    ["GET", "/api/1/document/wrap"],
    ["POST", "/api/1/nothing"],
    ["POST", "/api/"],
    ["POST", "/api/2/document/wrap"],
    ["POST", "//api/1/document/wrap"],
    ["DELETE", "/api/1/document/wrap"],
  ])("is asked for before %s %s is looked at", async ([method, path]) => {
    const socket = await open();
    socket.write(`${method} ${path} HTTP/1.1\r\nHost: p\r\nContent-Length: 0\r\n\r\n`);

    expect(await socket.answer()).toMatchObject({ status: 401 });
  });

  it("is asked for before the body is looked at", async () => {
    expect(await wrapWith(["Content-Type: text/plain"], "no json")).toEqual([401, 101]);
  });
});

describe("the path", () => {
  it.for([
    ["/api/1/document/wrap", 200],
    ["//api/1/document/wrap", 200],
    ["/api/1/document/wrap?a=b", 200],
    ["/api/1/document/wrap?", 200],
    ["/api/1/document/wrap/", 404],
    ["/api/1/Document/wrap", 404],
    ["/api/1/document", 404],
    ["/api/1/", 404],
    ["/api/2/document/wrap", 404],
    ["/api/1/document/wrap%2f", 404],
    ["/api/1/document/%zz", 400],
    ["/api/1/../1/document/wrap", 404],
    ["/other/api/1/document/wrap", 404],
    ["/", 404],
  ] as const)("%s answers %i", async ([path, expected]) => {
    const socket = await open();
    socket.write(rawRequest(path, GOOD, [LENGTH, KEY, JSON_TYPE]));

    const { status, body: text } = await socket.answer();

    expect(status).toBe(expected);
    const code = (JSON.parse(text) as { code?: number }).code;
    expect(code).toBe(expected === 200 ? undefined : 102);
  });

  it.for(["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])(
    "refuses %s and says what is allowed",
    async (method) => {
      const socket = await open();
      const lines = ["Host: p", KEY, "Content-Length: 0"].join("\r\n");
      socket.write(`${method} /api/1/document/wrap HTTP/1.1\r\n${lines}\r\n\r\n`);

      const { status, head, body: text } = await socket.answer();

      expect(status).toBe(405);
      expect(head).toMatch(/^allow: POST$/im);
      expect(JSON.parse(text)).toMatchObject({ code: 102 });
    },
  );

  it("/metrics is served beside the API, without a key", async () => {
    await wrap(proxy.url, "leased");

    const answer = await get(`${proxy.url}/metrics`);

    expect(answer.status).toBe(200);
    expect(answer.headers["content-type"]).toMatch(/^text\/plain/);
    expect(answer.text).toMatch(
      /^tsp_request_duration_seconds_count\{.*endpoint="\/api\/1\/document\/wrap".*\} \d+$/m,
    );
    expect(answer.text).toMatch(/^tsp_key_operations_total\{operation="wrap"\} \d+$/m);
    expect(answer.text).not.toContain('leased"');
  });
});

describe("the content type", () => {
  it.for([
    ["application/json"],
    ["application/json; charset=UTF-8"],
    ["Application/JSON;charset=utf-8"],
    ["application/json; anything=else; and=more"],
    [undefined],
  ])("%s is accepted", async ([type]) => {
    const lines = type === undefined ? [] : [`Content-Type: ${type}`];
    expect(await wrapWith([KEY, ...lines])).toEqual([200, undefined]);
  });

  it.for([
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/jsonx",
    "application/json-patch+json",
    "json",
    "multipart/form-data; boundary=x",
  ])("%s is refused", async (type) => {
    expect(await wrapWith([KEY, `Content-Type: ${type}`])).toEqual([415, 102]);
  });

  it.for(["gzip", "deflate", "br", "zstd"])(
    "with the content coding %s is refused",
    async (coding) => {
      expect(await wrapWith([KEY, JSON_TYPE, `Content-Encoding: ${coding}`])).toEqual([415, 102]);
    },
  );
});

describe("the body", () => {
  it.for([
    ["with a byte order mark", `\uFEFF${GOOD}`],
    ["with blanks around it", `\r\n\t ${GOOD} \n`],
  ] as const)("%s is read", async ([, text]) => {
    expect(await wrapWith([KEY, JSON_TYPE], text)).toEqual([200, undefined]);
  });

  it.for([
    ["that is empty", ""],
    ["that is null", "null"],
    ["that is an array", "[]"],
    ["that is text", '"leased"'],
    ["that is cut", GOOD.slice(0, -1)],
    ["with something behind it", `${GOOD}x`],
    ["with two objects", GOOD + GOOD],
    ["with a comment", `/* */${GOOD}`],
    ["with single quotes", "{'tenantId':'leased'}"],
    ["in UTF-16", Buffer.from(GOOD, "utf16le")],
    ["that is no UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
    ["that is nested ten thousand deep", "[".repeat(10_000) + "]".repeat(10_000)],
    ["that is nested a million deep", '{"a":'.repeat(1_000_000)],
  ] as const)("%s is refused", async ([, text]) => {
    expect(await wrapWith([KEY, JSON_TYPE], text)).toEqual([400, 102]);
  });

  it("may come in chunks", async () => {
    const socket = await open();
    const half = GOOD.length >> 1;
    const lines = [KEY, JSON_TYPE, "Transfer-Encoding: chunked"];
    socket.write(rawRequest("/api/1/document/wrap", "", lines));
    for (const part of [GOOD.slice(0, half), GOOD.slice(half), ""]) {
      socket.write(`${part.length.toString(16)}\r\n${part}\r\n`);
    }

    expect(await socket.answer()).toMatchObject({ status: 200 });
  });

  it("is invited when the client asks first", async () => {
    const socket = await open();
    const lines = [LENGTH, KEY, JSON_TYPE, "Expect: 100-continue"];
    socket.write(rawRequest("/api/1/document/wrap", "", lines));

    expect(await socket.answer()).toMatchObject({ status: 100 });
    socket.write(GOOD);
    expect(await socket.answer()).toMatchObject({ status: 200 });
  });

  it("is refused above the limit without being read", async () => {
    const socket = await open();
    const lines = [`Content-Length: ${9 * 1024 * 1024}`, KEY, JSON_TYPE];
    socket.write(rawRequest("/api/1/document/wrap", GOOD, lines));

    const { status, body: text } = await socket.answer();

    expect([status, (JSON.parse(text) as { code: number }).code]).toEqual([413, 102]);
  });

  it("of seven mebibytes is read", async () => {
    const documentIds = Array.from(
      { length: 1_000 },
      (_, index) => `${index}-${"x".repeat(7_000)}`,
    );
    const text = JSON.stringify(body("leased", { documentIds }));
    const socket = await open();
    const lines = [`Content-Length: ${text.length}`, KEY, JSON_TYPE];
    socket.write(rawRequest(`/api/1/${BATCH_WRAP}`, text, lines));

    expect(await socket.answer()).toMatchObject({ status: 200 });
  });
});

describe("HTTP itself", () => {
  it("keeps a connection for one request after another", async () => {
    const socket = await open();
    for (let count = 0; count < 5; count += 1) {
      socket.write(rawRequest("/api/1/document/wrap", GOOD, [LENGTH, KEY, JSON_TYPE]));
      expect(await socket.answer()).toMatchObject({ status: 200 });
    }
  });

  it("answers pipelined requests in their order", async () => {
    const { dek, edek } = await wrap(proxy.url, "unleased");
    const slow = JSON.stringify(body("unleased", { encryptedDocumentKey: edek }));
    const lines = [KEY, JSON_TYPE];
    const socket = await open();
    socket.write(
      Buffer.concat([
        rawRequest(`/api/1/${UNWRAP}`, slow, [...lines, `Content-Length: ${slow.length}`]),
        rawRequest(`/api/1/${WRAP}`, "{}", [...lines, "Content-Length: 2"]),
        rawRequest(`/api/1/${WRAP}`, GOOD, [...lines, LENGTH]),
      ]),
    );

    expect(await socket.answer()).toMatchObject({ status: 200, body: JSON.stringify({ dek }) });
    expect(await socket.answer()).toMatchObject({ status: 400 });
    expect(await socket.answer()).toMatchObject({ status: 200 });
  });

  it("gives every answer a ray id, a length and a content type", async () => {
    const socket = await open();
    socket.write(rawRequest("/api/1/document/wrap", GOOD, [LENGTH, KEY, JSON_TYPE]));
    const good = await socket.answer();
    socket.write(rawRequest("/api/1/document/wrap", "{}", ["Content-Length: 2", KEY, JSON_TYPE]));
    const bad = await socket.answer();

    for (const { head, body: text } of [good, bad]) {
      expect(head).toMatch(/^x-ray-id: [\w-]{16}$/im);
      expect(head).toMatch(/^content-type: application\/json/im);
      expect(head).toMatch(new RegExp(`^content-length: ${text.length}$`, "im"));
    }
  });

  it("answers an event with the four bytes null", async () => {
    const text = JSON.stringify(
      body("anyone", { iclFields: { requestingId: "u", event: "USER_ADD" } }),
    );
    const socket = await open();
    const lines = [`Content-Length: ${text.length}`, KEY, JSON_TYPE];
    socket.write(rawRequest(`/api/1/${SECURITY_EVENT}`, text, lines));

    const answer = await socket.answer();

    expect(answer).toMatchObject({ status: 200, body: "null" });
    expect(answer.head).toMatch(/^content-length: 4$/im);
  });

  it.for([
    ["a line that is no request", "hello\r\n\r\n"],
    ["a version that does not exist", "POST / HTTP/9.9\r\n\r\n"],
    ["a header without a name", "POST / HTTP/1.1\r\nHost: p\r\n: x\r\n\r\n"],
    ["a length that is no number", "POST / HTTP/1.1\r\nHost: p\r\nContent-Length: x\r\n\r\n"],
    [
      "two lengths",
      "POST / HTTP/1.1\r\nHost: p\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    ],
    [
      "a length and chunks",
      "POST / HTTP/1.1\r\nHost: p\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["a TLS greeting", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003"],
  ] as const)("refuses %s with 400", async ([, text]) => {
    const socket = await open();
    socket.write(text);

    const { status, body: answer } = await socket.answer();

    expect(status).toBe(400);
    expect(JSON.parse(answer)).toMatchObject({ code: 102, message: expect.stringMatching(/./) });
    await socket.end();
  });

  it("refuses a request without a host, and goes on with the next one", async () => {
    const socket = await open();
    socket.write("POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
    const { status, body: text } = await socket.answer();
    expect([status, (JSON.parse(text) as { code: number }).code]).toEqual([400, 102]);

    socket.write(rawRequest("/api/1/document/wrap", GOOD, [LENGTH, KEY, JSON_TYPE]));
    expect(await socket.answer()).toMatchObject({ status: 200 });
  });

  it("takes headers of 48 KiB and refuses those of 80", async () => {
    expect(await wrapWith([KEY, JSON_TYPE, padding(48)])).toEqual([200, undefined]);

    const socket = await open();
    socket.write(rawRequest("/api/1/document/wrap", GOOD, [LENGTH, KEY, padding(80)]));
    const { status, body: text } = await socket.answer();

    expect([status, (JSON.parse(text) as { code: number }).code]).toEqual([431, 102]);
  });

  it("serves the next client after all of this", async () => {
    expect((await wrap(proxy.url, "leased")).dek).toHaveLength(44);
    expect(proxy.program.running).toBe(true);
  });
});

function padding(kibibytes: number): string {
  return `X-Padding: ${"x".repeat(kibibytes * 1_024)}`;
}
