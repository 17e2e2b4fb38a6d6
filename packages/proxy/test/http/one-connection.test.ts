import { describe, expect, it } from "vitest";
import type { WrappedKey } from "../../src/keys/ports.ts";
import { RawClient, requestBytes } from "./support/raw-client.ts";
import { METADATA, startHttp } from "./support/start.ts";
import { until } from "./support/until.ts";

const WRAP = "/api/1/document/wrap";
const BODY = JSON.stringify(METADATA);

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

  it("may have 256 requests waiting; every one beyond them is refused at once", async () => {
    const { origin, keys, observer } = await startHttp();
    const wrapping = Promise.withResolvers<WrappedKey>();
    keys.wrap = () => wrapping.promise;
    const client = await RawClient.open(origin);

    client.write(requestBytes(WRAP, BODY).repeat(300));
    await until(() => observer.requests.length === 44);
    wrapping.resolve({ dek: Buffer.alloc(32), edek: Buffer.alloc(1) });

    for (let served = 0; served < 256; served += 1) {
      expect((await client.answer()).status).toBe(200);
    }
    for (let refused = 0; refused < 44; refused += 1) {
      const { status, body } = await client.answer();
      expect([status, JSON.parse(body)]).toMatchObject([503, { code: 100 }]);
    }
    expect(observer.requests[0]).toBe(`${WRAP} none 503 100`);
    expect(observer.shedReasons).toEqual(Array.from({ length: 44 }, () => "pipelining"));
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
