import { describe, expect, it } from "vitest";
import { KmsPool } from "../../src/keys/kms-pool.ts";
import { OpenSockets } from "../../src/keys/open-sockets.ts";
import { FakeVendor } from "./helpers/fake-vendor.ts";
import { configuration, driversOf } from "./helpers/world.ts";

const KEY = Buffer.alloc(32, 1);

function createPool(vendor: FakeVendor, maxSockets: number): KmsPool {
  return new KmsPool({
    drivers: driversOf(async ({ id }) => vendor.driver(id)),
    timeoutMs: 5_000,
    concurrency: 8,
    queueSize: 100,
    clientCacheSize: 1_000,
    maxConcurrent: 100,
    maxSockets,
  });
}
const burst = (pool: KmsPool, id: number, calls: number) =>
  Promise.all(Array.from({ length: calls }, () => pool.wrap(configuration(id), KEY)));

describe("the connections that a client may have open", () => {
  it("are twice as many as it had calls at once up to its limit, and one for its tokens", () => {
    const sockets = new OpenSockets(8);

    expect(sockets.most(0)).toBe(0);
    expect(sockets.note(2, 1)).toBe(5);
    expect(sockets.note(1, 2)).toBe(0);
    expect(sockets.note(3, 3)).toBe(2);
    expect(sockets.note(100, 4)).toBe(2);
    expect(sockets.most(5)).toBe(9);
  });

  it("are forgotten only when all of them have been idle for long", () => {
    const sockets = new OpenSockets(20);
    sockets.note(20, 0);
    sockets.note(1, 34_000);

    expect(sockets.most(64_000)).toBe(21);
    sockets.note(2, 65_000);
    expect(sockets.most(70_000)).toBe(5);
    expect(sockets.most(1_000_000)).toBe(0);
  });
});

describe("a pool with a bound for connections", () => {
  it("closes the clients that were idle longest when bursts leave too many behind", async () => {
    const vendor = new FakeVendor();
    const pool = createPool(vendor, 20);

    await burst(pool, 1, 8);
    await burst(pool, 2, 8);
    expect(pool.stats.clients).toBe(2);
    await burst(pool, 3, 8);

    await expect.poll(() => vendor.closed).toEqual([1]);
    expect(pool.stats.clients).toBe(2);
  });

  it("keeps many clients that need one connection each", async () => {
    const vendor = new FakeVendor();
    const pool = createPool(vendor, 30);

    for (let id = 1; id <= 10; id += 1) await burst(pool, id, 1);

    expect(pool.stats.clients).toBe(10);
    expect(vendor.closed).toEqual([]);
  });

  it("closes no client that is at work, however many there are", async () => {
    const vendor = new FakeVendor();
    const pool = createPool(vendor, 5);
    const release = vendor.hold();
    const calls = [1, 2, 3].map((id) => burst(pool, id, 2));
    await expect.poll(() => vendor.running).toBe(6);

    expect(vendor.closed).toEqual([]);
    release();
    await Promise.all(calls);

    await expect.poll(() => pool.stats.clients).toBe(1);
    await pool.close();
  });
});
