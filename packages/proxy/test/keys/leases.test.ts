import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { decodeEdek } from "../../src/edek/codec.ts";
import { FakeVendor } from "./helpers/fake-vendor.ts";
import { codeOf } from "./helpers/refusal-of.ts";
import { buildWorld, call, single, type World, type WorldOptions } from "./helpers/world.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LEASED = { acme: single(1, { leased: true }) };

describe("the age of a lease", () => {
  it("ends its wrapping after a day at the latest", async () => {
    const world = leasedWorld();
    const first = await wrap(world);
    world.clock.advance(DAY_MS);

    expect((await wrap(world)).leaseId).not.toBe(first.leaseId);
    expect(world.vendor.count("wrap")).toBe(2);
  });

  it("ends its unwrapping from memory too: the KMS is asked again", async () => {
    const world = leasedWorld();
    const { edek, dek } = await wrap(world);
    world.clock.advance(DAY_MS);

    expect(await unwrap(world, edek)).toEqual(dek);
    expect(world.vendor.count("unwrap")).toBe(1);
  });

  it("brings a new one in the background before it is over, and nobody waits", async () => {
    const world = leasedWorld();
    const first = await wrap(world);
    world.clock.advance(DAY_MS * 0.95);

    const second = world.service.wrap(call("acme"));

    expect(second).not.toBeInstanceOf(Promise);
    await until(() => world.vendor.count("wrap") === 2 && world.service.stats.opened === 1);
    const third = await wrap(world);
    expect(third.leaseId).not.toBe(first.leaseId);
    expect(await unwrap(world, first.edek)).toEqual(first.dek);
    expect(world.vendor.count("unwrap")).toBe(0);
  });

  it("is not reached early: a fresh lease brings no new one", async () => {
    const world = leasedWorld();
    await wrap(world);
    world.clock.advance(DAY_MS * 0.79);
    await wrap(world);
    await wrap(world);

    expect(world.vendor.count("wrap")).toBe(1);
  });

  it("is used to its end while no new one can be had, asking again only now and then", async () => {
    const world = leasedWorld();
    const first = await wrap(world);
    world.vendor.faults.set(1, "KMS_THROTTLED");
    world.clock.advance(DAY_MS * 0.95);
    for (let round = 0; round < 50; round += 1) {
      expect((await wrap(world)).leaseId).toBe(first.leaseId);
      await nextTurns();
    }
    expect(world.vendor.count("wrap")).toBe(2);

    world.clock.advance(60_000);
    await wrap(world);
    await until(() => world.vendor.count("wrap") === 3);

    world.clock.advance(DAY_MS * 0.05);
    expect(await codeOf(() => world.service.wrap(call("acme")))).toBe(209);
  });

  it("is over at once when its KMS refuses the next one", async () => {
    const world = leasedWorld();
    await wrap(world);
    world.clock.advance(DAY_MS * 0.95);
    world.vendor.faults.set(1, "KMS_AUTH_FAILED");

    await wrap(world);
    await until(() => world.service.stats.keysInMemory === 0);

    expect(await codeOf(() => world.service.wrap(call("acme")))).toBe(206);
  });
});

describe("the number of wraps under one lease", () => {
  const CIPHERS = [
    ["aes-256-gcm", { leaseCipher: "aes-256-gcm" }],
    ["the original's", { binding: "none" }],
  ] as const;

  it.for(CIPHERS)("is kept exactly by %s, however many come at once", async ([, cipher]) => {
    const world = leasedWorld({ keys: { ...cipher, leaseMaxWraps: 7 } });

    const made = await Promise.all(Array.from({ length: 200 }, () => wrap(world)));
    for (let round = 0; round < 30; round += 1) made.push(await wrap(world));

    const perLease = new Map<number, number>();
    for (const { leaseId } of made) perLease.set(leaseId, (perLease.get(leaseId) ?? 0) + 1);
    expect(Math.max(...perLease.values())).toBeLessThanOrEqual(7);
    expect(perLease.size).toBeGreaterThanOrEqual(Math.ceil(230 / 7));
    for (const { dek, edek } of made) expect(await unwrap(world, edek)).toEqual(dek);
  });

  it("is kept within a batch", async () => {
    const world = leasedWorld({ keys: { leaseCipher: "aes-256-gcm", leaseMaxWraps: 10 } });
    const ids = Array.from({ length: 95 }, (_, index) => `${index}`);

    const keys = await world.service.batchWrap(call("acme"), ids);

    const perLease = new Map<number, number>();
    for (const key of keys.values()) {
      if (key instanceof Error) throw key;
      const leaseId = decodeEdek(key.edek).lease!.id;
      perLease.set(leaseId, (perLease.get(leaseId) ?? 0) + 1);
    }
    expect(keys.size).toBe(95);
    expect(Math.max(...perLease.values())).toBeLessThanOrEqual(10);
  });

  it("brings a new lease in the background at nine tenths", async () => {
    const world = leasedWorld({ keys: { leaseCipher: "aes-256-gcm", leaseMaxWraps: 100 } });
    for (let round = 0; round < 89; round += 1) await wrap(world);
    expect(world.vendor.count("wrap")).toBe(1);

    await wrap(world);

    await until(() => world.vendor.count("wrap") === 2);
  });

  it("does not matter to XChaCha20-Poly1305", async () => {
    const world = leasedWorld({ keys: { leaseMaxWraps: 5 } });

    for (let round = 0; round < 50; round += 1) await wrap(world);

    expect(world.vendor.count("wrap")).toBe(1);
  });
});

describe("one call to the KMS", () => {
  it("serves ten thousand unwraps of one cold lease", async () => {
    const { edek, dek, other } = await coldLease();
    other.vendor.latencyMs = 20;
    const before = other.vendor.calls.length;

    const opened = await Promise.all(Array.from({ length: 10_000 }, () => unwrap(other, edek)));

    expect(opened.every((key) => key.equals(dek))).toBe(true);
    expect(other.vendor.calls.slice(before)).toEqual([{ configurationId: 1, operation: "unwrap" }]);
    expect(other.counts.get("lease_unwrap")).toBe(1);
    expect(other.counts.get("unwrap")).toBe(10_000);
  });

  it("fails all who wait for it, and is made again for who comes after", async () => {
    const { edek, dek, other } = await coldLease();
    other.vendor.latencyMs = 20;
    other.vendor.faults.set(1, "KMS_THROTTLED");
    const before = other.vendor.calls.length;

    const codes = await Promise.all(
      Array.from({ length: 1_000 }, () =>
        codeOf(() => other.service.unwrap(call("acme"), edek.toString("base64"))),
      ),
    );
    other.vendor.faults.clear();

    expect(new Set(codes)).toEqual(new Set([209]));
    expect(other.vendor.calls.length - before).toBe(1);
    expect(await unwrap(other, edek)).toEqual(dek);
  });

  it("goes on for the others when one of them gives up", async () => {
    const { edek, dek, other } = await coldLease();
    other.vendor.latencyMs = 50;
    const impatient = new AbortController();
    const text = edek.toString("base64");
    const before = other.vendor.calls.length;

    const givingUp = codeOf(() => other.service.unwrap(call("acme", impatient.signal), text));
    const waiting = unwrap(other, edek);
    impatient.abort();

    expect(await givingUp).toBe(208);
    expect(await waiting).toEqual(dek);
    expect(other.vendor.calls.length - before).toBe(1);
  });

  it("makes the lease that a thousand first wraps share, also when the first of them gives up", async () => {
    const world = leasedWorld();
    world.vendor.latencyMs = 50;
    const impatient = new AbortController();

    const givingUp = codeOf(() => world.service.wrap(call("acme", impatient.signal)));
    const waiting = Promise.all(Array.from({ length: 1_000 }, () => wrap(world)));
    impatient.abort();

    expect(await givingUp).toBe(208);
    const leases = new Set((await waiting).map(({ leaseId }) => leaseId));
    expect(leases.size).toBe(1);
    expect(world.vendor.calls).toHaveLength(1);
  });

  it("is not shared with bytes that somebody made up for the same lease id", async () => {
    const { edek, dek, other } = await coldLease();
    other.vendor.latencyMs = 20;
    const forged = Buffer.from(edek);
    // The last byte of the KMS's ciphertext inside field 5, right before its configuration id.
    forged[forged.length - 3]! ^= 1;

    const refused = codeOf(() => other.service.unwrap(call("acme"), forged.toString("base64")));
    const opened = unwrap(other, edek);

    expect(await refused).toBe(205);
    expect(await opened).toEqual(dek);
  });
});

describe("the leases of other proxies", () => {
  it("may unwrap and never wrap", async () => {
    const { edek, leaseId, other } = await coldLease();
    await unwrap(other, edek);

    const own = await wrap(other);

    expect(own.leaseId).not.toBe(leaseId);
    expect(other.vendor.count("wrap")).toBe(2);
  });

  it("are kept up to the bound, the latest used ones", async () => {
    const vendor = new FakeVendor();
    const reader = leasedWorld({ vendor, keys: { leaseCacheSize: 3 } });
    const made = [];
    for (let proxy = 0; proxy < 5; proxy += 1) made.push(await wrap(leasedWorld({ vendor })));

    for (const { edek, dek } of made) expect(await unwrap(reader, edek)).toEqual(dek);
    expect(reader.service.stats.opened).toBe(3);
    await nextTurn();
    expect(reader.service.stats.keysInMemory).toBe(3);
    const asked = vendor.count("unwrap");

    await unwrap(reader, made[4]!.edek);
    await unwrap(reader, made[2]!.edek);
    expect(vendor.count("unwrap")).toBe(asked);

    await unwrap(reader, made[0]!.edek);
    expect(vendor.count("unwrap")).toBe(asked + 1);
    // The third one was used after the fourth, so the fourth had to go.
    await unwrap(reader, made[2]!.edek);
    expect(vendor.count("unwrap")).toBe(asked + 1);
    await unwrap(reader, made[3]!.edek);
    expect(vendor.count("unwrap")).toBe(asked + 2);
  });

  it("open although each pushes the one before out of a cache of one", async () => {
    const vendor = new FakeVendor();
    const reader = leasedWorld({ vendor, keys: { leaseCacheSize: 1 } });
    const made = [];
    for (let proxy = 0; proxy < 10; proxy += 1) made.push(await wrap(leasedWorld({ vendor })));

    const opened = await Promise.all(made.map(({ edek }) => unwrap(reader, edek)));

    expect(opened).toEqual(made.map(({ dek }) => dek));
    for (const { edek, dek } of made) expect(await unwrap(reader, edek)).toEqual(dek);
    await nextTurn();
    expect(reader.service.stats.keysInMemory).toBe(1);
  });

  it("answer from memory only to the very bytes they came from", async () => {
    const { edek, other } = await coldLease();
    await unwrap(other, edek);
    const asked = other.vendor.count("unwrap");
    const forged = Buffer.from(edek);
    forged[forged.length - 3]! ^= 1;

    expect(await codeOf(() => other.service.unwrap(call("acme"), forged.toString("base64")))).toBe(
      205,
    );
    expect(other.vendor.count("unwrap")).toBe(asked + 1);
  });

  it("count as hits and misses", async () => {
    const { edek, other } = await coldLease();
    await unwrap(other, edek);
    await unwrap(other, edek);
    await unwrap(other, edek);

    // The first one looked once before it asked the KMS.
    expect(other.lookUps).toEqual(["miss", "hit", "hit"]);
  });
});

describe("leasing", () => {
  it("ends when the configuration allows it no longer, and old EDEKs still open", async () => {
    const world = leasedWorld();
    const { edek, dek } = await wrap(world);
    world.setTenants({ acme: single(1) });

    const unleased = await world.service.wrap(call("acme"));

    expect(decodeEdek(unleased.edek).lease).toBeUndefined();
    expect(await unwrap(world, edek)).toEqual(dek);
  });

  it("moves to the new primary, and the old lease still unwraps from memory", async () => {
    const world = leasedWorld();
    const first = await wrap(world);
    const assignments = [
      { id: 1, leased: true },
      { id: 2, leased: true, primary: true },
    ];
    world.setTenants({ acme: { assignments } });

    const second = await wrap(world);

    expect(second.leaseId).not.toBe(first.leaseId);
    expect(world.vendor.calls.map(({ configurationId }) => configurationId)).toEqual([1, 2]);
    expect(await unwrap(world, first.edek)).toEqual(first.dek);
    expect(world.vendor.count("unwrap")).toBe(0);
  });

  it("does not wrap under a lease of the configuration as it was before", async () => {
    const world = leasedWorld();
    const first = await wrap(world);
    world.setTenants({ acme: single(1, { leased: true, fingerprint: "changed" }) });

    const second = await wrap(world);

    expect(second.leaseId).not.toBe(first.leaseId);
    expect(await unwrap(world, first.edek)).toEqual(first.dek);
    // Opened again, by the configuration as it is now.
    expect(world.vendor.count("unwrap")).toBe(1);
  });
});

describe("the number of tenants with a lease that wraps", () => {
  it("is bounded: the least recently used tenant gets a new one, the old one still unwraps", async () => {
    const leased = single(1, { leased: true });
    const tenants = { a: leased, b: leased, c: leased };
    const world = buildWorld({ tenants, maxWrappingLeases: 2 });
    const first = await world.service.wrap(call("a"));
    for (const tenant of ["b", "c"]) await world.service.wrap(call(tenant));
    expect(world.service.stats).toMatchObject({ minted: 2, opened: 1, keysInMemory: 3 });

    const text = first.edek.toString("base64");
    expect(await world.service.unwrap(call("a"), text)).toEqual(first.dek);
    expect(world.vendor.count("unwrap")).toBe(0);

    const second = await world.service.wrap(call("a"));
    expect(decodeEdek(second.edek).lease?.id).not.toBe(decodeEdek(first.edek).lease?.id);
    expect(world.vendor.count("wrap")).toBe(4);
  });
});

describe("closing", () => {
  it("wipes every key and refuses what comes after", async () => {
    const world = leasedWorld();
    const { edek } = await wrap(world);
    await world.service.close();

    expect(world.service.stats.keysInMemory).toBe(0);
    expect(await codeOf(() => world.service.wrap(call("acme")))).toBe(208);
    expect(await codeOf(() => world.service.unwrap(call("acme"), edek.toString("base64")))).toBe(
      208,
    );
  });

  it("waits for a lease that is just being made, and wipes that too", async () => {
    const world = leasedWorld();
    world.vendor.latencyMs = 50;
    const wrapping = codeOf(() => world.service.wrap(call("acme")));

    await world.service.close();

    expect(world.vendor.running).toBe(0);
    expect(world.service.stats.keysInMemory).toBe(0);
    expect(await wrapping).toBe(208);
  });
});

interface Made {
  readonly dek: Buffer;
  readonly edek: Buffer;
  readonly leaseId: number;
}

function leasedWorld(options: Partial<WorldOptions> = {}): World {
  return buildWorld({ tenants: LEASED, ...options });
}

/** An EDEK of one proxy, and another proxy that has not seen its lease. */
async function coldLease(): Promise<Made & { readonly other: World }> {
  const vendor = new FakeVendor();
  const made = await wrap(leasedWorld({ vendor }));
  return { ...made, other: leasedWorld({ vendor }) };
}

async function wrap({ service }: World): Promise<Made> {
  const { dek, edek } = await service.wrap(call("acme"));
  return { dek, edek, leaseId: decodeEdek(edek).lease!.id };
}

async function unwrap({ service }: World, edek: Buffer): Promise<Buffer> {
  return service.unwrap(call("acme"), edek.toString("base64"));
}

async function until(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { timeout: 10_000, interval: 1 }).toBe(true);
}

async function nextTurns(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
