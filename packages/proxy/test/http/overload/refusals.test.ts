import { setTimeout as sleep } from "node:timers/promises";
import { get } from "@tenant-security/testkit";
import { describe, expect, it, vi } from "vitest";
import { ProxyError } from "../../../src/errors.ts";
import type { Call, WrappedKey } from "../../../src/keys/ports.ts";
import { RawClient, requestBytes } from "../support/raw-client.ts";
import { METADATA, startHttp } from "../support/start.ts";
import { until } from "../support/until.ts";

const WRAP = "/api/1/document/wrap";
const BATCH = "/api/1/document/batch-wrap";
const BODY = JSON.stringify(METADATA);
const REQUEST = requestBytes(WRAP, BODY);

describe("a request that is refused in an overload", () => {
  it("is told so at once, and when to come back; scrapes are served", async () => {
    const { origin, observer, log, server } = await startHttp();
    // What it takes to overload a real one is in the tests of the whole proxy.
    vi.spyOn(server.overload.shedder, "refuses").mockReturnValue(true);

    for (const path of [WRAP, BATCH]) {
      const client = await RawClient.open(origin);
      const { status, headers, body } = await client.write(requestBytes(path, BODY)).answer();

      expect([status, JSON.parse(body)]).toEqual([
        503,
        { code: 100, message: expect.stringContaining("overloaded") },
      ]);
      expect(headers.get("retry-after")).toMatch(/^[123]$/);
      expect(headers.get("x-ray-id")).toHaveLength(16);
      expect(observer.open.get(path)).toBe(0);
    }

    expect(observer.shedReasons).toEqual(["delay", "delay"]);
    expect(observer.requests).toEqual([`${WRAP} none 503 100`, `${BATCH} none 503 100`]);
    expect(log.lines[0]).toMatchObject({ level: "warn", fields: { reason: "delay", refused: 1 } });
    expect((await get(`${origin}/metrics`)).status).toBe(200);
  });
});

describe("a connection that was refused", () => {
  it("gets its next refusal at once when it waited as it was told, otherwise not before", async () => {
    const { origin, keys, observer } = await startHttp({ limits: { maxInFlightRequests: 1 } });
    const first = pending(keys);
    const holder = await RawClient.open(origin);
    holder.write(REQUEST);
    await until(() => first.calls.length === 1);
    const client = await RawClient.open(origin);
    const { headers } = await client.write(REQUEST).answer();

    client.write(REQUEST);
    await until(() => first.calls.length === 3);
    await sleep(50);

    // Nothing yet: it counts as in flight, and its work has ended.
    expect([client.received, observer.open.get(WRAP)]).toEqual(["", 2]);
    expect(first.calls[2]?.signal.aborted).toBe(true);
    expect((await client.answer()).status).toBe(503);
    await sleep(Number(headers.get("retry-after")) * 1_000 + 2_000);
    expect((await client.write(REQUEST).answer()).status).toBe(503);
    first.resolve();
    expect((await holder.answer()).status).toBe(200);
    expect(observer.open.get(WRAP)).toBe(0);
  });

  it("gets it as soon as there is room again, and is served then", async () => {
    const { origin, keys } = await startHttp({ limits: { maxInFlightRequests: 1 } });
    const wrap = keys.wrap.bind(keys);
    const held = new AbortController();
    const calls: Call[] = [];
    keys.wrap = async (call): Promise<WrappedKey> => {
      calls.push(call);
      await sleep(60_000, undefined, { signal: AbortSignal.any([held.signal, call.signal]) });
      throw new Error("nobody ended it");
    };
    const holder = await RawClient.open(origin);
    holder.write(REQUEST);
    await until(() => calls.length === 1);
    const toldTo = async (caller: RawClient): Promise<string | undefined> =>
      (await caller.write(REQUEST).answer()).headers.get("retry-after");
    // Callers are told to come back after 1 to 3 seconds, in turns: this one is told the longest.
    while ((await toldTo(await RawClient.open(origin))) !== "2");
    const client = await RawClient.open(origin);
    expect(await toldTo(client)).toBe("3");
    const asked = calls.length;
    client.write(REQUEST);
    await until(() => calls.length === asked + 1);
    keys.wrap = wrap;
    const freed = performance.now();
    held.abort();
    expect((await holder.answer()).status).toBe(500);

    expect((await client.answer()).status).toBe(503);
    expect(performance.now() - freed).toBeLessThan(1_000);
    expect((await client.write(REQUEST).answer()).status).toBe(200);
  });

  it("may leave before its refusal", async () => {
    const { origin, keys, observer } = await startHttp({ limits: { maxInFlightRequests: 1 } });
    const first = pending(keys);
    const holder = await RawClient.open(origin);
    holder.write(REQUEST);
    const client = await RawClient.open(origin);
    await until(() => first.calls.length === 1);
    await client.write(REQUEST).answer();
    client.write(REQUEST);
    await until(() => observer.open.get(WRAP) === 2);

    client.socket.resetAndDestroy();
    await until(() => observer.open.get(WRAP) === 1);

    first.resolve();
    expect((await holder.answer()).status).toBe(200);
  });
});

describe("requests that wait", () => {
  it("are bounded; what needs no wait is served all the same", async () => {
    const { origin, keys, observer, post } = await startHttp({
      limits: { maxInFlightRequests: 2 },
    });
    const waiting = pending(keys);
    const clients = await Promise.all([1, 2].map(() => RawClient.open(origin)));
    for (const client of clients) client.write(REQUEST);
    await until(() => waiting.calls.length === 2);

    const third = await post(WRAP);
    const unwrapped = await post("/api/1/document/unwrap", {
      encryptedDocumentKey: Buffer.from("edek:a2V5").toString("base64"),
    });

    expect([third.status, third.json]).toMatchObject([503, { code: 100 }]);
    expect(third.headers["retry-after"]).toMatch(/^[123]$/);
    expect(waiting.calls[2]?.signal.aborted).toBe(true);
    expect(unwrapped.status).toBe(200);
    expect(observer.shedReasons).toEqual(["in_flight"]);
    waiting.resolve();
    for (const client of clients) expect((await client.answer()).status).toBe(200);
    expect((await post(WRAP)).status).toBe(200);
  });
});

describe("bodies on their way", () => {
  const limits = { maxBodyBytes: 65_536, maxInFlightBodyBytes: 65_536 };

  it("are bounded in bytes; small ones still come through", async () => {
    const { origin, observer, post } = await startHttp({ limits });
    const large = requestBytes(BATCH, JSON.stringify({ ...METADATA, documentIds: long(40_000) }));
    const [first, second] = [await RawClient.open(origin), await RawClient.open(origin)];
    first.write(large.slice(0, -10));
    await until(() => observer.open.get(BATCH) === 1);

    const refused = await second.write(large).answer();
    expect([refused.status, JSON.parse(refused.body)]).toMatchObject([503, { code: 100 }]);
    expect(observer.shedReasons).toEqual(["body_bytes"]);
    expect((await post(WRAP)).status).toBe(200);

    expect((await first.write(large.slice(-10)).answer()).status).toBe(200);
    const third = await RawClient.open(origin);
    expect((await third.write(large).answer()).status).toBe(200);
  });

  it("count no more when their client has gone", async () => {
    const { origin, observer, server } = await startHttp({ limits });
    const large = requestBytes(BATCH, JSON.stringify({ ...METADATA, documentIds: long(40_000) }));
    const client = await RawClient.open(origin);
    client.write(large.slice(0, -10));
    await until(() => server.overload.bodies.used > 0);

    client.socket.resetAndDestroy();
    await until(() => observer.open.get(BATCH) === 0);

    expect(server.overload.bodies.used).toBe(0);
  });
});

describe("Retry-After", () => {
  it.for([
    ["KMS_THROTTLED", 429, "1"],
    ["KMS_UNREACHABLE", 503, "1"],
    ["KMS_AUTHORIZATION_FAILED", 403, undefined],
    ["UNKNOWN_ERROR", 500, undefined],
  ] as const)("of %s, which is HTTP %i, is %s", async ([status, http, seconds]) => {
    const { post, keys } = await startHttp();
    keys.wrap = () => {
      throw new ProxyError(status, "no");
    };

    const answer = await post(WRAP);

    expect([answer.status, answer.headers["retry-after"]]).toEqual([http, seconds]);
  });

  it("is said to connections beyond the limit, which may scrape nevertheless", async () => {
    const { origin } = await startHttp({ limits: { maxConnections: 1 } });
    await (await RawClient.open(origin)).write(REQUEST).answer();

    const refused = await (await RawClient.open(origin)).write(REQUEST).answer();
    const scraper = await RawClient.open(origin);
    const scraped = await scraper
      .write(requestBytes("/metrics", "").replace("POST", "GET"))
      .answer();

    expect([refused.status, refused.headers.get("retry-after")]).toEqual([
      503,
      expect.stringMatching(/^[123]$/),
    ]);
    expect([scraped.status, scraped.headers.get("connection")]).toEqual([200, "close"]);
  });
});

function long(length: number): readonly string[] {
  return ["x".repeat(length)];
}

/** Wraps that wait until `resolve`. */
function pending(keys: { wrap(call: Call): unknown }) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const calls: Call[] = [];
  keys.wrap = async (call): Promise<WrappedKey> => {
    calls.push(call);
    await promise;
    return { dek: Buffer.alloc(32), edek: Buffer.from("edek") };
  };
  return { calls, resolve };
}
