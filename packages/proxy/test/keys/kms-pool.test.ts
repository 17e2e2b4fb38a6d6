import { KmsError, type KmsErrorCode } from "@tenant-security/kms-adapters";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { ProxyError } from "../../src/errors.ts";
import { Gate } from "../../src/keys/gate.ts";
import type {
  BreakerChange,
  DriverFactory,
  KmsCallObservation,
} from "../../src/keys/kms-client.ts";
import { KmsPool, type KmsPoolOptions } from "../../src/keys/kms-pool.ts";
import { FakeVendor } from "./helpers/fake-vendor.ts";
import { codeOf, refusalOf } from "./helpers/refusal-of.ts";
import { configuration, driversOf } from "./helpers/world.ts";

const KEY = Buffer.alloc(32, 1);
const A = configuration(1);
const B = configuration(2);

let vendor: FakeVendor;
let changes: BreakerChange[];
let observed: KmsCallObservation[];

beforeEach(() => {
  vendor = new FakeVendor();
  changes = [];
  observed = [];
});

describe("a client", () => {
  it("is made at first use, once for all who ask meanwhile", async () => {
    const openCredentials = vi.fn<() => Promise<object>>(async () => ({ token: "secret" }));
    const create = vi.fn<DriverFactory>(async ({ id }) => vendor.driver(id));
    const pool = createPool({ drivers: driversOf(create) });
    const lazy = configuration(1, { openCredentials: openCredentials as never });
    expect(openCredentials).not.toHaveBeenCalled();

    await Promise.all(Array.from({ length: 20 }, () => pool.wrap(lazy, KEY)));

    expect(openCredentials).toHaveBeenCalledTimes(1);
    expect(create.mock.calls).toEqual([[lazy, { token: "secret" }]]);
  });

  it.for([
    ["a driver that refuses the configuration", configInvalid, "keyName is missing"],
    ["a driver that breaks", () => new TypeError("secret detail"), "could not be made"],
  ] as const)("is 207 with %s", async ([, error, reason]) => {
    const pool = createPool({
      drivers: driversOf(async () => {
        throw error();
      }),
    });

    const refusal = await refusalOf(() => pool.wrap(configuration(534), KEY));

    expect(refusal.status).toBe("KMS_CONFIGURATION_INVALID");
    expect(refusal.message).toContain("KMS configuration 534 (LOCAL) cannot be used");
    expect(refusal.message).toContain(reason);
    expect(refusal.message).not.toContain("secret detail");
  });

  it("is 207 with credentials that cannot be opened, and tried again by the next call", async () => {
    const openCredentials = vi
      .fn<() => Promise<object>>()
      .mockRejectedValueOnce(new ProxyError("KMS_CONFIGURATION_INVALID", "no such file"))
      .mockResolvedValue({});
    const pool = createPool();
    const late = configuration(1, { openCredentials: openCredentials as never });

    expect(await refusalOf(() => pool.wrap(late, KEY))).toMatchObject({
      status: "KMS_CONFIGURATION_INVALID",
      message: "no such file",
    });
    expect(await codeOf(() => pool.wrap(late, KEY))).toBe(0);
  });

  it("is 208 when making it takes longer than a call may", async () => {
    const pool = createPool({
      timeoutMs: 30,
      drivers: driversOf(() => new Promise(() => {})),
    });

    expect(await codeOf(() => pool.wrap(A, KEY))).toBe(208);
    expect(await codeOf(() => pool.wrap(A, KEY))).toBe(208);
  });

  it("is another one once the configuration has changed", async () => {
    const pool = createPool();
    await pool.wrap(A, KEY);

    await pool.wrap({ ...A, fingerprint: "changed" }, KEY);

    expect(pool.stats.clients).toBe(2);
  });
});

describe("a call", () => {
  it("is observed with vendor, operation, the vendor's answer and its time", async () => {
    const pool = createPool();
    const wrapped = await pool.wrap(A, KEY);
    await pool.unwrap(A, wrapped);
    vendor.faults.set(1, "KMS_UNREACHABLE");
    await codeOf(() => pool.wrap(A, KEY));

    expect(
      observed.map(({ kmsType, operation, httpCode }) => [kmsType, operation, httpCode]),
    ).toEqual([
      ["LOCAL", "wrap", 200],
      ["LOCAL", "unwrap", 200],
      ["LOCAL", "wrap", 0],
    ]);
    for (const { seconds } of observed) expect(seconds).toBeGreaterThan(0);
  });

  it("ends at its deadline", async () => {
    const pool = createPool({ timeoutMs: 30 });
    vendor.latencyMs = 10_000;

    expect(await codeOf(() => pool.wrap(A, KEY))).toBe(208);
  });

  it("ends when its caller gives up, and not before it began either", async () => {
    const pool = createPool();
    vendor.latencyMs = 10_000;
    const caller = new AbortController();
    const calling = codeOf(() => pool.wrap(A, KEY, caller.signal));
    await expect.poll(() => vendor.running).toBe(1);

    caller.abort();

    expect(await calling).toBe(208);
    expect(await codeOf(() => pool.wrap(A, KEY, caller.signal))).toBe(208);
    expect(vendor.calls).toHaveLength(1);
  });
});

describe("the bulkhead of a configuration", () => {
  it("is another process's, too, where the pools of both are given it", async () => {
    const shared = new Map<string, Gate>();
    const bulkhead = (name: string): Gate => {
      const gate = shared.get(name) ?? new Gate({ places: 1, queueSize: 100, waitMs: 5_000 });
      shared.set(name, gate);
      return gate;
    };
    const pools = [createPool({ bulkhead }), createPool({ bulkhead })];
    vendor.latencyMs = 10;

    await Promise.all(pools.flatMap((pool) => [1, 2, 3].map(() => pool.wrap(A, KEY))));

    expect(vendor.calls).toHaveLength(6);
    expect(vendor.mostRunning).toBe(1);
    expect(shared.size).toBe(1);
  });

  it("lets so many in, so many wait, and turns the rest away at once with 209", async () => {
    const pool = createPool({ concurrency: 4, queueSize: 6 });
    vendor.latencyMs = 30;

    const codes = await Promise.all(
      Array.from({ length: 20 }, () => codeOf(() => pool.wrap(A, KEY))),
    );

    expect(codes.filter((code) => code === 0)).toHaveLength(10);
    expect(codes.filter((code) => code === 209)).toHaveLength(10);
    expect(vendor.mostRunning).toBe(4);
    expect(vendor.calls).toHaveLength(10);
    expect(pool.stats).toMatchObject({ calling: 0, waiting: 0 });
  });

  it("says which configuration is full", async () => {
    const pool = createPool({ concurrency: 1, queueSize: 0 });
    vendor.latencyMs = 30;
    const busy = pool.wrap(configuration(534), KEY);

    const { message } = await refusalOf(() => pool.wrap(configuration(534), KEY));

    expect(message).toContain("the KMS of configuration 534 (LOCAL)");
    await busy;
  });

  it("keeps nobody waiting longer than a call may take", async () => {
    const pool = createPool({ concurrency: 1, timeoutMs: 50 });
    vendor.latencyMs = 10_000;
    const first = codeOf(() => pool.wrap(A, KEY));
    const second = codeOf(() => pool.wrap(A, KEY));

    expect(await first).toBe(208);
    expect([208, 209]).toContain(await second);
  });

  it("does not keep a place in the queue for a caller who has gone", async () => {
    const pool = createPool({ concurrency: 1, queueSize: 1 });
    vendor.latencyMs = 30;
    const busy = pool.wrap(A, KEY);
    const caller = new AbortController();
    const gone = codeOf(() => pool.wrap(A, KEY, caller.signal));
    caller.abort();
    expect(await gone).toBe(208);

    const next = codeOf(() => pool.wrap(A, KEY));

    expect(pool.stats.waiting).toBe(1);
    await busy;
    expect(await next).toBe(0);
  });

  it("leaves other configurations alone", async () => {
    const pool = createPool({ concurrency: 2, queueSize: 2 });
    vendor.latencyMs = 50;
    const flood = Array.from({ length: 50 }, () => codeOf(() => pool.wrap(A, KEY)));

    expect(await codeOf(() => pool.wrap(B, KEY))).toBe(0);
    await Promise.all(flood);
  });
});

describe("the cap over all configurations", () => {
  it("holds, and gives one configuration a quarter of it at most", async () => {
    const pool = createPool({ concurrency: 64, maxConcurrent: 16 });
    vendor.latencyMs = 5;
    expect(pool.concurrency).toBe(4);

    const calls = Array.from({ length: 200 }, (_, index) =>
      pool.wrap(configuration(1 + (index % 10)), KEY),
    );
    await Promise.all(calls);

    expect(vendor.mostRunning).toBe(16);
  });

  it("leaves at least one call to a configuration, however low it is", () => {
    expect(createPool({ maxConcurrent: 2 }).concurrency).toBe(1);
  });

  it("is not eaten up by one KMS that does not answer", async () => {
    const pool = createPool({ maxConcurrent: 8, timeoutMs: 5_000 });
    const hanging = { ...A, id: 99, fingerprint: "hanging" };
    vendor.latencyMs = 60_000;
    const caller = new AbortController();
    const stuck = Array.from({ length: 100 }, () =>
      codeOf(() => pool.wrap(hanging, KEY, caller.signal)),
    );
    await expect.poll(() => vendor.running).toBe(2);
    vendor.latencyMs = 0;

    expect(await codeOf(() => pool.wrap(B, KEY))).toBe(0);
    caller.abort();
    await Promise.all(stuck);
  });
});

describe("the circuit breaker of a configuration", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
  });

  it.for(["KMS_UNREACHABLE", "KMS_TIMEOUT"] as const)(
    "opens after five in a row of %s and answers 208 without asking",
    async (fault) => {
      const pool = createPool();
      await fail(pool, fault, 5);
      const asked = vendor.calls.length;

      const refusal = await refusalOf(() => pool.wrap(A, KEY));

      expect(refusal.status).toBe("KMS_UNREACHABLE");
      expect(refusal.message).toContain("configuration 1 (LOCAL) did not answer 5 times in a row");
      expect(refusal.retryAfterSeconds).toBe(5);
      vi.advanceTimersByTime(3_200);
      expect((await refusalOf(() => pool.wrap(A, KEY))).retryAfterSeconds).toBe(2);
      expect(vendor.calls).toHaveLength(asked);
      expect(states()).toEqual(["open"]);
    },
  );

  it("stays closed at four", async () => {
    const pool = createPool();
    await fail(pool, "KMS_UNREACHABLE", 4);
    vendor.faults.clear();

    expect(await codeOf(() => pool.wrap(A, KEY))).toBe(0);
    await fail(pool, "KMS_UNREACHABLE", 4);
    expect(states()).toEqual([]);
  });

  it.for([
    "KMS_AUTH_FAILED",
    "KMS_CONFIG_INVALID",
    "KMS_KEY_UNAVAILABLE",
    "KMS_THROTTLED",
    "KMS_ACCOUNT_ISSUE",
    "KMS_RESPONSE_INVALID",
    "KMS_UNKNOWN",
    "KMS_CIPHERTEXT_INVALID",
  ] as const)("is never opened by %s, which is an answer", async (fault) => {
    const pool = createPool();
    await fail(pool, "KMS_UNREACHABLE", 4);
    await fail(pool, fault, 20);
    await fail(pool, "KMS_UNREACHABLE", 4);

    expect(states()).toEqual([]);
  });

  it("is neither opened nor calmed by callers who give up", async () => {
    const pool = createPool();
    const giveUp = async (): Promise<void> => {
      vendor.latencyMs = 10_000;
      const caller = new AbortController();
      const calling = codeOf(() => pool.wrap(A, KEY, caller.signal));
      await expect.poll(() => vendor.running).toBeGreaterThan(0);
      caller.abort();
      await calling;
      vendor.latencyMs = 0;
    };
    for (let round = 0; round < 6; round += 1) await giveUp();
    expect(states()).toEqual([]);

    await fail(pool, "KMS_UNREACHABLE", 4);
    await giveUp();
    await fail(pool, "KMS_UNREACHABLE", 1);
    expect(states()).toEqual(["open"]);
  });

  it("is never opened by a full bulkhead", async () => {
    const pool = createPool({ concurrency: 1, queueSize: 0 });
    vendor.latencyMs = 20;
    await Promise.all(Array.from({ length: 50 }, () => codeOf(() => pool.wrap(A, KEY))));

    expect(states()).toEqual([]);
  });

  it("lets exactly one call try after five seconds, and closes when that succeeds", async () => {
    const pool = createPool();
    await fail(pool, "KMS_UNREACHABLE", 5);
    vendor.faults.clear();
    vi.advanceTimersByTime(4_999);
    expect(await codeOf(() => pool.wrap(A, KEY))).toBe(208);
    const asked = vendor.calls.length;

    vi.advanceTimersByTime(1);
    vendor.latencyMs = 20;
    const codes = await Promise.all(
      Array.from({ length: 50 }, () => codeOf(() => pool.wrap(A, KEY))),
    );

    expect(codes.filter((code) => code === 0)).toHaveLength(1);
    expect(codes.filter((code) => code === 208)).toHaveLength(49);
    expect(vendor.calls.length - asked).toBe(1);
    expect(states()).toEqual(["open", "half-open", "closed"]);
    expect(await codeOf(() => pool.wrap(A, KEY))).toBe(0);
  });

  it("stays open no longer when the wall clock is set back", async () => {
    const pool = createPool();
    await fail(pool, "KMS_UNREACHABLE", 5);
    vendor.faults.clear();
    const wallClock = vi.spyOn(Date, "now").mockReturnValue(Date.now() - 3_600_000);
    onTestFinished(() => wallClock.mockRestore());
    vi.advanceTimersByTime(5_000);

    expect(await codeOf(() => pool.wrap(A, KEY))).toBe(0);
    expect(states()).toEqual(["open", "half-open", "closed"]);
  });

  it("opens again when that one call fails", async () => {
    const pool = createPool();
    await fail(pool, "KMS_UNREACHABLE", 5);
    vi.advanceTimersByTime(5_000);

    await fail(pool, "KMS_UNREACHABLE", 1);

    expect(states()).toEqual(["open", "half-open", "open"]);
    expect(await codeOf(() => pool.wrap(A, KEY))).toBe(208);
  });

  it("closes when that one call is refused by a KMS that is there", async () => {
    const pool = createPool();
    await fail(pool, "KMS_UNREACHABLE", 5);
    vi.advanceTimersByTime(5_000);

    await fail(pool, "KMS_AUTH_FAILED", 1);

    expect(states()).toEqual(["open", "half-open", "closed"]);
  });

  it("waits for that one call although its caller gives up", async () => {
    const pool = createPool();
    await fail(pool, "KMS_UNREACHABLE", 5);
    vendor.faults.clear();
    vi.advanceTimersByTime(5_000);
    const release = vendor.hold();
    const caller = new AbortController();
    const probing = codeOf(() => pool.wrap(A, KEY, caller.signal));
    await expect.poll(() => vendor.running).toBe(1);
    caller.abort();
    release();

    expect(await probing).toBe(0);
    expect(states()).toEqual(["open", "half-open", "closed"]);
  });

  it("turns away those who waited for a place when it opened", async () => {
    const pool = createPool({ concurrency: 1, maxConcurrent: 4 });
    vendor.faults.set(1, "KMS_UNREACHABLE");

    const codes = await Promise.all(
      Array.from({ length: 100 }, () => codeOf(() => pool.wrap(A, KEY))),
    );

    expect(new Set(codes)).toEqual(new Set([208]));
    // Five calls, each repeated once.
    expect(vendor.calls).toHaveLength(10);
  });

  it("is one of each configuration", async () => {
    const pool = createPool();
    await fail(pool, "KMS_UNREACHABLE", 5);

    expect(await codeOf(() => pool.wrap(B, KEY))).toBe(0);
    expect(changes.every(({ configurationId }) => configurationId === 1)).toBe(true);
  });

  it("is reported closed when its client goes", async () => {
    const pool = createPool();
    await fail(pool, "KMS_UNREACHABLE", 5);

    pool.retain(() => undefined);

    expect(states()).toEqual(["open", "closed"]);
  });
});

describe("idle clients", () => {
  it("are closed beyond the bound, the least recently used first", async () => {
    const pool = createPool({ clientCacheSize: 2 });
    await pool.wrap(A, KEY);
    await pool.wrap(B, KEY);
    await pool.wrap(A, KEY);
    await pool.wrap(configuration(3), KEY);

    await expect.poll(() => vendor.closed).toEqual([2]);
    expect(pool.stats.clients).toBe(2);
  });

  it("are never closed with a call under way; that happens when it ends", async () => {
    const pool = createPool({ clientCacheSize: 1, concurrency: 1 });
    const release = vendor.hold();
    const running = codeOf(() => pool.wrap(A, KEY));
    const waiting = codeOf(() => pool.wrap(A, KEY));
    const other = codeOf(() => pool.wrap(B, KEY));
    await expect.poll(() => vendor.running).toBe(2);
    // A call that ends at once makes the pool look for clients to close.
    await codeOf(() => pool.wrap(configuration(3), KEY, AbortSignal.abort()));
    expect(pool.stats.clients).toBe(2);
    expect(vendor.closed).toEqual([]);
    release();

    expect(await Promise.all([running, waiting, other])).toEqual([0, 0, 0]);
    await expect.poll(() => vendor.closed).toHaveLength(1);
    expect(pool.stats.clients).toBe(1);
  });
});

describe("clients at a refresh", () => {
  it("take over the configuration of the new snapshot, so that the old one can go", async () => {
    const seen: unknown[] = [];
    const pool = createPool({
      drivers: driversOf(async (given) => {
        seen.push(given);
        throw configInvalid();
      }),
    });
    const next = configuration(1);
    await codeOf(() => pool.wrap(A, KEY));

    pool.retain((id) => (id === 1 ? next : undefined));
    await codeOf(() => pool.wrap(A, KEY));

    expect(seen).toHaveLength(2);
    expect(seen[0]).toBe(A);
    expect(seen[1]).toBe(next);
  });

  it.for([
    ["is gone", undefined],
    ["cannot be used any more", { usable: false, id: 1, reason: "it is broken" }],
    ["is another one", configuration(1, { fingerprint: "another" })],
  ] as const)("are closed when their configuration %s", async ([, now]) => {
    const pool = createPool();
    await pool.wrap(A, KEY);
    await pool.wrap(B, KEY);

    pool.retain((id) => (id === 1 ? now : B));

    await expect.poll(() => vendor.closed).toEqual([1]);
    expect(pool.stats.clients).toBe(1);
  });
});

describe("a pool that is closed", () => {
  it("lets calls under way finish, turns away the others, and closes every client", async () => {
    const pool = createPool({ concurrency: 1 });
    await pool.wrap(B, KEY);
    const release = vendor.hold();
    const running = codeOf(() => pool.wrap(A, KEY));
    const waiting = codeOf(() => pool.wrap(A, KEY));
    await expect.poll(() => vendor.running).toBe(1);

    const closing = pool.close();
    release();
    await closing;

    expect(await running).toBe(0);
    expect(await waiting).toBe(208);
    expect(await codeOf(() => pool.wrap(A, KEY))).toBe(208);
    expect(new Set(vendor.closed)).toEqual(new Set([1, 2]));
    expect(pool.stats).toEqual({ clients: 0, calling: 0, waiting: 0 });
  });
});

function createPool(options: Partial<KmsPoolOptions> = {}): KmsPool {
  const pool = new KmsPool({
    drivers: driversOf(async ({ id }) => vendor.driver(id)),
    timeoutMs: 5_000,
    concurrency: 64,
    queueSize: 1_000,
    clientCacheSize: 100,
    maxConcurrent: 1_000,
    observe: (observation) => observed.push(observation),
    onBreaker: (change) => changes.push(change),
    ...options,
  });
  return pool;
}

/** Lets a number of calls fail, one after another. */
async function fail(pool: KmsPool, fault: KmsErrorCode, times: number): Promise<void> {
  vendor.faults.set(1, fault);
  for (let round = 0; round < times; round += 1) {
    expect(await codeOf(() => pool.wrap(A, KEY))).not.toBe(0);
  }
}

function states(): string[] {
  return changes.map(({ state }) => state);
}

function configInvalid(): KmsError {
  return new KmsError(
    { code: "KMS_CONFIG_INVALID", detail: "keyName is missing" },
    { driver: "fake" },
  );
}
