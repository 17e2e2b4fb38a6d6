import { describe, expect, it } from "vitest";
import { ProxyError } from "../../src/errors.ts";
import type { Call, WrappedKey } from "../../src/keys/ports.ts";
import { RawClient, requestBytes } from "./support/raw-client.ts";
import { METADATA, startHttp } from "./support/start.ts";
import { until } from "./support/until.ts";

const WRAP = "/api/1/document/wrap";
const BODY = JSON.stringify(METADATA);
const limits = { requestTimeoutMs: 400 };

describe("a request that takes too long to answer", () => {
  it("fails with the code of what it was waiting for", async () => {
    const { post, keys } = await startHttp({ limits });
    keys.wrap = (call) =>
      new Promise((_resolve, reject) => {
        call.signal.addEventListener("abort", () => {
          reject(new ProxyError("KMS_UNREACHABLE", `given up: ${String(call.signal.reason)}`));
        });
      });

    const answer = await post(WRAP);

    expect([answer.status, answer.json]).toEqual([
      503,
      { code: 208, message: expect.stringContaining("TimeoutError") },
    ]);
  });

  it("is given up when nothing heeds the signal, and its key is wiped when it comes", async () => {
    const { post, keys, observer, log } = await startHttp({ limits });
    const dek = Buffer.alloc(32, 7);
    const wrapping = Promise.withResolvers<WrappedKey>();
    keys.wrap = () => wrapping.promise;

    const answer = await post(WRAP);

    expect([answer.status, answer.json]).toEqual([
      503,
      { code: 100, message: expect.stringContaining("too long") },
    ]);
    wrapping.resolve({ dek, edek: Buffer.from("edek") });
    await until(() => dek.every((byte) => byte === 0));
    expect(observer.requests).toEqual([`${WRAP} LOCAL 503 100`]);
    expect([...observer.open.values()]).toEqual([0]);
    expect(log.lines).toHaveLength(1);
  });

  it("is not interrupted before", async () => {
    const { post, keys } = await startHttp();
    let seen: Call | undefined;
    keys.wrap = async (call) => {
      seen = call;
      return { dek: Buffer.alloc(32), edek: Buffer.from(String(call.signal.aborted)) };
    };

    const { json } = await post(WRAP);

    expect(json).toMatchObject({ edek: Buffer.from("false").toString("base64") });
    expect(seen?.signal.aborted).toBe(false);
  });
});

describe("a request that takes too long to arrive", () => {
  it.for([
    ["in its head", requestBytes(WRAP, BODY).slice(0, 40), "other none 408 102"],
    ["in its body", requestBytes(WRAP, BODY).slice(0, -5), `${WRAP} none 408 102`],
  ] as const)("is answered with 408: %s", async ([, bytes, observed]) => {
    const { origin, observer } = await startHttp({ limits });
    const client = await RawClient.open(origin);

    const { status, headers, body } = await client.write(bytes).answer();

    expect([status, JSON.parse(body)]).toMatchObject([408, { code: 102 }]);
    expect(headers.get("connection")).toBe("close");
    expect(await client.end()).toBe("closed");
    expect(observer.requests).toEqual([observed]);
  });

  it("is cut when it was refused long ago", async () => {
    const { origin, observer } = await startHttp({ limits });
    const client = await RawClient.open(origin);

    client.write(requestBytes(WRAP, "x", { "content-length": "90000000" }));
    expect((await client.answer()).status).toBe(413);

    await client.end();
    expect(client.received).toBe("");
    expect(observer.requests).toEqual([`${WRAP} none 413 102`]);
  });

  it("does not count the time between two requests", async () => {
    const { origin } = await startHttp({ limits });
    const client = await RawClient.open(origin);
    expect((await client.write(requestBytes(WRAP, BODY)).answer()).status).toBe(200);

    await new Promise((resolve) => void setTimeout(resolve, 3 * limits.requestTimeoutMs));

    expect((await client.write(requestBytes(WRAP, BODY)).answer()).status).toBe(200);
  });

  it("holds up nobody else, a thousand times over", async () => {
    const { origin, post, observer } = await startHttp({
      limits: { maxConnections: 2_000, requestTimeoutMs: 3_000 },
    });
    const slow = await Promise.all(Array.from({ length: 1_000 }, () => RawClient.open(origin)));
    const bytes = requestBytes(WRAP, BODY);
    for (const [index, client] of slow.entries()) {
      client.write(bytes.slice(0, index % bytes.length));
    }
    await until(() => observer.connected === 1_000);

    const answers = await Promise.all(Array.from({ length: 100 }, () => post(WRAP)));

    expect(answers.every(({ status }) => status === 200)).toBe(true);
    await until(() => observer.connected === 0);
  });
});

describe("an idle connection", () => {
  it("is closed in silence when nothing was ever sent on it", async () => {
    const { origin, log } = await startHttp({ limits });
    const client = await RawClient.open(origin);

    expect(await client.end()).toBe("closed");
    expect([client.received, log.lines]).toEqual(["", []]);
  });

  it("is closed after the keep-alive time", async () => {
    const { origin } = await startHttp({ limits: { keepAliveTimeoutMs: 300 } });
    const client = await RawClient.open(origin);
    await client.write(requestBytes(WRAP, BODY)).answer();

    expect(await client.end()).toBe("closed");
  });
});
