import { describe, expect, it } from "vitest";
import { RawClient, requestBytes } from "./support/raw-client.ts";
import { METADATA, startHttp } from "./support/start.ts";
import { until } from "./support/until.ts";

const WRAP = "/api/1/document/wrap";
const BODY = JSON.stringify(METADATA);

describe("connections", () => {
  it("are counted while they are open", async () => {
    const { origin, observer } = await startHttp();

    const clients = await Promise.all([RawClient.open(origin), RawClient.open(origin)]);
    await until(() => observer.connected === 2);
    for (const { socket } of clients) socket.end();
    await until(() => observer.connected === 0);

    expect(observer.rejected).toBe(0);
  });

  it("beyond the limit get a refusal each, and room when others leave", async () => {
    const { origin, observer } = await startHttp({ limits: { maxConnections: 2 } });
    const [first, second] = [await RawClient.open(origin), await RawClient.open(origin)];
    expect((await first.write(requestBytes(WRAP, BODY)).answer()).status).toBe(200);

    const third = await RawClient.open(origin);
    const { status, headers, body } = await third.write(requestBytes(WRAP, BODY)).answer();
    expect([status, JSON.parse(body)]).toEqual([
      503,
      { code: 100, message: expect.stringContaining("Too many connections") },
    ]);
    expect(headers.get("connection")).toBe("close");
    expect(await third.end()).toBe("closed");
    expect(observer.rejected).toBe(1);

    second.socket.end();
    await until(() => observer.connected === 1);
    const fourth = await RawClient.open(origin);
    expect((await fourth.write(requestBytes(WRAP, BODY)).answer()).status).toBe(200);
    expect((await first.write(requestBytes(WRAP, BODY)).answer()).status).toBe(200);
  });

  it("beyond the limit are closed soon when they say nothing", async () => {
    const { origin, observer } = await startHttp({ limits: { maxConnections: 1 } });
    await RawClient.open(origin);

    const silent = await RawClient.open(origin);

    expect(await silent.end()).toBe("closed");
    expect([silent.received, observer.rejected]).toEqual(["", 1]);
  });

  it("beyond the limit take no place from others", async () => {
    const { origin, observer } = await startHttp({ limits: { maxConnections: 1 } });
    const first = await RawClient.open(origin);
    await Promise.all([RawClient.open(origin), RawClient.open(origin)]);
    await until(() => observer.rejected === 2);

    first.socket.end();
    await until(() => observer.connected === 2);
    const next = await RawClient.open(origin);

    expect((await next.write(requestBytes(WRAP, BODY)).answer()).status).toBe(200);
  });

  it("far beyond the limit are dropped, and the others still work", async () => {
    const { origin, observer } = await startHttp({ limits: { maxConnections: 1 } });
    const first = await RawClient.open(origin);
    const rest = await Promise.allSettled(
      Array.from({ length: 400 }, () => RawClient.open(origin)),
    );

    expect(rest).toHaveLength(400);
    await until(() => observer.rejected === 400);
    expect((await first.write(requestBytes(WRAP, BODY)).answer()).status).toBe(200);
    await until(() => observer.connected === 1);
  });

  it("of a client that does not read its answer are cut in the end", async () => {
    const { origin, server, observer, keys } = await startHttp();
    server.app.server.timeout = 500;
    keys.wrap = () => ({ dek: Buffer.alloc(32), edek: Buffer.alloc(30_000_000) });
    const client = await RawClient.open(origin);
    client.socket.pause();

    client.write(requestBytes(WRAP, BODY));

    await until(() => observer.requests.length === 1);
    await until(() => observer.connected === 0);
    expect(observer.requests).toEqual([`${WRAP} LOCAL 200 0`]);
  });
});
