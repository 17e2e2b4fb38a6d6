import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Call, WrappedKey } from "../../../src/keys/ports.ts";
import type { FakeKeys } from "../support/fake-keys.ts";
import { RawClient, requestBytes } from "../support/raw-client.ts";
import { METADATA, startHttp } from "../support/start.ts";
import { until } from "../support/until.ts";

const WRAP = "/api/1/document/wrap";
const BATCH = "/api/1/document/batch-wrap";
const BATCH_REQUEST = requestBytes(BATCH, JSON.stringify({ ...METADATA, documentIds: ["a"] }));
const WRAP_REQUEST = requestBytes(WRAP, JSON.stringify(METADATA));

/** An answer that no system takes into its buffers whole. */
const HUGE = 64 * 1_024 * 1_024;

describe("a batch on a connection", () => {
  it("is answered before anything after it begins", async () => {
    const { origin, keys, observer } = await startHttp();
    const batches = pendingBatches(keys);
    const client = await RawClient.open(origin);
    client.write(BATCH_REQUEST + WRAP_REQUEST + BATCH_REQUEST + WRAP_REQUEST);
    await until(() => batches.length === 1);
    await sleep(50);

    expect(keys.calls).toEqual([]);
    expect([observer.open.get(BATCH), observer.open.get(WRAP)]).toEqual([2, 2]);
    batches[0]?.answer();
    await until(() => batches.length === 2);
    expect(keys.calls).toHaveLength(1);
    batches[1]?.answer();

    for (let count = 0; count < 4; count += 1) expect((await client.answer()).status).toBe(200);
    expect([observer.open.get(BATCH), observer.open.get(WRAP)]).toEqual([0, 0]);
  });

  it("does not begin while the client has not read the one before", async () => {
    const { origin, keys, server } = await startHttp();
    const batches = pendingBatches(keys);
    const client = await RawClient.open(origin);
    client.socket.pause();
    client.write(BATCH_REQUEST.repeat(3));
    await until(() => batches.length === 1);

    batches[0]?.answer("x".repeat(HUGE));
    await until(() => keys.deks[0]?.every((byte) => byte === 0) === true);
    await sleep(100);
    expect(batches).toHaveLength(1);
    // What is not read weighs something.
    expect(server.overload.batches.inside).toBeGreaterThan(1_000);

    client.socket.resume();
    await until(() => batches.length === 2);
    batches[1]?.answer();
    await until(() => batches.length === 3);
    batches[2]?.answer();
    for (let count = 0; count < 3; count += 1) expect((await client.answer()).status).toBe(200);
    expect(server.overload.batches.inside).toBe(0);
  });

  it("ends when its client goes, and what would have come after it never begins", async () => {
    const { origin, keys, observer, server } = await startHttp();
    const batches = pendingBatches(keys);
    const client = await RawClient.open(origin);
    client.write(BATCH_REQUEST + WRAP_REQUEST + BATCH_REQUEST);
    await until(() => observer.open.get(BATCH) === 2);
    await until(() => batches.length === 1);
    expect(batches[0]?.call.abandoned).toBe(false);

    client.socket.resetAndDestroy();
    await until(() => batches[0]?.call.signal.aborted === true);
    expect(batches[0]?.call.abandoned).toBe(true);
    batches[0]?.answer();

    await until(() => observer.open.get(BATCH) === 0);
    expect([keys.calls, batches.length, observer.open.get(WRAP)]).toEqual([[], 1, 0]);
    expect(keys.deks.every((dek) => dek.every((byte) => byte === 0))).toBe(true);
    expect([server.overload.batches.inside, server.overload.requests.used]).toEqual([0, 0]);
    expect(new Set(observer.requests.map((line) => line.split(" ")[2]))).toEqual(new Set(["0"]));
  });

  it("leaves its place when its client goes without reading the answer", async () => {
    const { origin, keys, server } = await startHttp();
    const batches = pendingBatches(keys);
    const client = await RawClient.open(origin);
    client.socket.pause();
    client.write(BATCH_REQUEST);
    await until(() => batches.length === 1);
    batches[0]?.answer("x".repeat(HUGE));
    await until(() => server.overload.batches.inside > 1_000);

    client.socket.resetAndDestroy();

    await until(() => server.overload.batches.inside === 0);
    expect(server.overload.requests.used).toBe(0);
  });

  it("waits for its turn among all, and is refused when the deadline comes first", async () => {
    const { origin, keys, observer, post } = await startHttp({
      limits: { maxInFlightBatchItems: 4, requestTimeoutMs: 500 },
    });
    const batches = pendingBatches(keys);
    const first = await RawClient.open(origin);
    first.write(BATCH_REQUEST);
    await until(() => batches.length === 1);

    const refused = await post(BATCH, { documentIds: ["b"] });

    expect([refused.status, refused.json]).toMatchObject([503, { code: 100 }]);
    expect(refused.headers["retry-after"]).toMatch(/^[123]$/);
    expect([observer.shedReasons, batches.length]).toEqual([["batch_items"], 1]);
  });
});

interface PendingBatch {
  readonly call: Call;
  /** Ends it with one key, under an id as long as the answer is to be. */
  readonly answer: (id?: string) => void;
}

function pendingBatches(keys: FakeKeys): readonly PendingBatch[] {
  const batches: PendingBatch[] = [];
  keys.batchWrap = (call) => {
    const { promise, resolve } = Promise.withResolvers<ReadonlyMap<string, WrappedKey>>();
    const dek = Buffer.alloc(32, 7);
    keys.deks.push(dek);
    batches.push({
      call,
      answer: (id = "a") => resolve(new Map([[id, { dek, edek: Buffer.from("edek") }]])),
    });
    return promise;
  };
  return batches;
}
