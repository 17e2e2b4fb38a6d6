import { describe, expect, it } from "vitest";
import { Breather } from "../../src/keys/breather.ts";
import { fanOut } from "../../src/keys/fan-out.ts";
import { Gate, GateError } from "../../src/keys/gate.ts";
import { HeldKey, type KeyVault } from "../../src/keys/held-key.ts";
import { LeaseMemory } from "../../src/keys/lease-memory.ts";
import { RandomPool } from "../../src/keys/random-pool.ts";
import { SingleFlight, untilAborted } from "../../src/keys/single-flight.ts";

describe("memory for keys", () => {
  it("holds ten thousand keys apart within 8 MiB of lockable memory", () => {
    const memory = new LeaseMemory();
    const slots = Array.from({ length: 10_000 }, (_, index) => {
      const slot = memory.acquire();
      slot.writeUInt32BE(index, 0);
      slot.writeUInt32BE(index, 28);
      return slot;
    });

    expect(memory.used).toBe(10_000);
    expect(memory.locked).toBe(true);
    for (const [index, slot] of slots.entries()) {
      expect(slot).toHaveLength(32);
      expect([slot.readUInt32BE(0), slot.readUInt32BE(28)]).toEqual([index, index]);
    }
    memory.close();
    expect(slots.every((slot) => slot.every((byte) => byte === 0))).toBe(true);
  });

  it("gives out zeros, wipes at once, and uses a place again", () => {
    const memory = new LeaseMemory();
    const slot = memory.acquire();
    expect(slot).toEqual(Buffer.alloc(32));
    slot.fill(7);

    memory.release(slot);

    expect(slot).toEqual(Buffer.alloc(32));
    expect(memory.used).toBe(0);
    expect(memory.acquire()).toBe(slot);
  });
});

describe("a held key", () => {
  it("is zeros in memory and cannot be used once it is released", () => {
    const vault: KeyVault = { memory: new LeaseMemory(), keys: new Set() };
    const slot = vault.memory.acquire().fill(9);
    const key = new HeldKey({
      name: "name",
      tenantId: "acme",
      leaseId: 1,
      configurationId: 2,
      fingerprint: "",
      wrapped: Buffer.alloc(1),
      bound: true,
      expiresAt: 0,
      slot,
      vault,
    });
    expect(key.bytes).toBe(slot);
    expect([...vault.keys]).toEqual([key]);

    key.release();
    const reused = vault.memory.acquire();
    key.release();

    expect(reused).toBe(slot);
    expect(vault.memory.used).toBe(1);
    expect(vault.keys.size).toBe(0);
    expect(() => key.bytes).toThrow(expect.objectContaining({ status: "KMS_UNREACHABLE" }));
  });
});

describe("pooled random bytes", () => {
  it("are given out once each, over many refills", () => {
    const pool = new RandomPool();
    const seen = new Set<string>();
    const bytes = Buffer.alloc(24);

    for (let round = 0; round < 20_000; round += 1) {
      pool.fill(bytes);
      seen.add(bytes.toString("hex"));
    }

    expect(seen.size).toBe(20_000);
  });

  it("fill a buffer from the place that is asked for, to its end", () => {
    const pool = new RandomPool();
    const bytes = Buffer.alloc(64);

    pool.fill(bytes, 32);

    expect(bytes.subarray(0, 32)).toEqual(Buffer.alloc(32));
    expect(bytes.subarray(32)).not.toEqual(Buffer.alloc(32));
  });

  it("also fill what is larger than the pool", () => {
    const bytes = Buffer.alloc(100_000);
    new RandomPool().fill(bytes);

    // An even spread: no byte value is missing from 100,000.
    expect(new Set(bytes).size).toBe(256);
  });

  it("make lease ids from 1 to 2^31-1", () => {
    const pool = new RandomPool();
    const ids = Array.from({ length: 10_000 }, () => pool.leaseId());

    expect(ids.every((id) => Number.isInteger(id) && id >= 1 && id < 2 ** 31)).toBe(true);
    expect(new Set(ids).size).toBeGreaterThan(9_990);
    expect(Math.max(...ids)).toBeGreaterThan(2 ** 30);
  });
});

describe("a single flight", () => {
  it("is shared while it lasts and forgotten afterwards", async () => {
    const flights = new SingleFlight<number>();
    let started = 0;
    const start = async (): Promise<number> => {
      started += 1;
      await nextTurn();
      return started;
    };

    expect(await Promise.all([flights.run("a", start), flights.run("a", start)])).toEqual([1, 1]);
    expect(await flights.run("a", start)).toBe(2);
    await Promise.all([flights.run("a", start), flights.run("b", start)]);
    expect(started).toBe(4);
  });

  it("can be left without ending it", async () => {
    const caller = new AbortController();
    const { promise, resolve } = Promise.withResolvers<string>();
    const left = untilAborted(promise, caller.signal);
    const stayed = untilAborted(promise, new AbortController().signal);

    caller.abort();
    await expect(left).rejects.toMatchObject({ status: "KMS_UNREACHABLE" });
    resolve("done");
    expect(await stayed).toBe("done");
    await expect(untilAborted(promise, caller.signal)).rejects.toThrow("time of the request");
  });
});

describe("a gate", () => {
  it("serves those who wait in the order in which they came", async () => {
    const gate = new Gate({ places: 1, queueSize: 10, waitMs: 10_000 });
    const order: number[] = [];
    await gate.enter();
    const waiting = [1, 2, 3].map(async (number) => {
      await gate.enter();
      order.push(number);
      gate.leave();
    });

    gate.leave();
    await Promise.all(waiting);

    expect(order).toEqual([1, 2, 3]);
    expect([gate.inside, gate.waiting]).toEqual([0, 0]);
  });

  it("hands a place over: nobody who comes in between takes it", async () => {
    const gate = new Gate({ places: 1, queueSize: 10, waitMs: 10_000 });
    await gate.enter();
    let waited = false;
    const waiting = gate.enter().then(() => {
      waited = true;
    });

    gate.leave();
    const latecomer = gate.enter();

    expect(gate.waiting).toBe(1);
    await waiting;
    expect(waited).toBe(true);
    gate.leave();
    await latecomer;
  });

  it.for([
    ["FULL", { queueSize: 0 }],
    ["WAITED_TOO_LONG", { waitMs: 5 }],
  ] as const)("says %s", async ([reason, options]) => {
    const gate = new Gate({ places: 1, queueSize: 10, waitMs: 10_000, ...options });
    await gate.enter();

    await expect(gate.enter()).rejects.toEqual(new GateError(reason));
    expect(gate.waiting).toBe(0);
  });

  it("turns everybody away once it is closed", async () => {
    const gate = new Gate({ places: 1, queueSize: 10, waitMs: 10_000 });
    await gate.enter();
    const waiting = gate.enter();

    gate.close();

    await expect(waiting).rejects.toMatchObject({ reason: "CLOSED" });
    await expect(gate.enter()).rejects.toMatchObject({ reason: "CLOSED" });
  });
});

describe("fanning out", () => {
  it("does everything once, so many at a time", async () => {
    const done: number[] = [];
    let running = 0;
    let most = 0;

    await fanOut(Array.from({ length: 50 }).keys(), 7, async (item) => {
      running += 1;
      most = Math.max(most, running);
      await nextTurn();
      running -= 1;
      done.push(item);
    });

    expect(most).toBe(7);
    expect(done.toSorted((a, b) => a - b)).toEqual([...Array.from({ length: 50 }).keys()]);
  });
});

describe("breathing", () => {
  it("comes every hundred items, for all strands at once", async () => {
    const breather = new Breather();
    for (let item = 1; item < 100; item += 1) expect(breather.next()).toBeUndefined();

    const pause = breather.next();

    expect(pause).toBeInstanceOf(Promise);
    expect(breather.next()).toBe(pause);
    await pause;
    expect(breather.next()).toBeUndefined();
  });
});

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
