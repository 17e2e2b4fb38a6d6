import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { KmsErrorCode } from "@tenant-security/kms-adapters";
import { encodeEdek } from "../../src/edek/codec.ts";
import { FakeVendor } from "./helpers/fake-vendor.ts";
import { codeOf } from "./helpers/refusal-of.ts";
import {
  buildWorld,
  call,
  single,
  snapshotOf,
  type TenantSketches,
  type World,
} from "./helpers/world.ts";

const LEASED = { acme: single(1, { leased: true }) };
const DERIVATION = {
  derivationType: "sha512",
  secretType: "search",
  paths: new Map([["path", ["derivation"]]]),
} as const;

/** The three kinds of keys that are held, each with what puts one into memory and uses it. */
const KINDS: readonly (readonly [string, (world: World) => Promise<() => unknown>])[] = [
  [
    "a lease that wraps",
    async ({ service }) => {
      await service.wrap(call("acme"));
      return () => service.wrap(call("acme"));
    },
  ],
  [
    "a lease that wrapped and now unwraps",
    async ({ service }) => {
      const text = (await service.wrap(call("acme"))).edek.toString("base64");
      return () => service.unwrap(call("acme"), text);
    },
  ],
  [
    "a lease of another proxy",
    async ({ service, vendor }) => {
      const maker = buildWorld({ tenants: LEASED, vendor });
      const text = (await maker.service.wrap(call("acme"))).edek.toString("base64");
      await service.unwrap(call("acme"), text);
      return () => service.unwrap(call("acme"), text);
    },
  ],
  [
    "a tenant secret",
    async ({ service }) => {
      await service.derive(call("acme"), DERIVATION);
      return () => service.derive(call("acme"), DERIVATION);
    },
  ],
];

const WITHDRAWN: readonly (readonly [KmsErrorCode, number])[] = [
  ["KMS_AUTH_FAILED", 206],
  ["KMS_CONFIG_INVALID", 207],
  ["KMS_KEY_UNAVAILABLE", 207],
  ["KMS_CIPHERTEXT_INVALID", 205],
];

const KEPT: readonly KmsErrorCode[] = [
  "KMS_UNREACHABLE",
  "KMS_TIMEOUT",
  "KMS_THROTTLED",
  "KMS_ACCOUNT_ISSUE",
  "KMS_RESPONSE_INVALID",
  "KMS_UNKNOWN",
];

describe.for(KINDS)("%s", ([kind, prepare]) => {
  it("is asked about at a refresh and stays when its KMS still opens it", async () => {
    const world = buildWorld({ tenants: LEASED });
    const use = await prepare(world);
    const asked = world.vendor.count("unwrap");

    expect(await recheck(world)).toEqual({ checked: 1, dropped: 0 });

    expect(world.vendor.count("unwrap")).toBe(asked + 1);
    const calls = world.vendor.calls.length;
    await use();
    expect(world.vendor.calls).toHaveLength(calls);
  });

  it.for(WITHDRAWN)("is wiped at once when its KMS says %s", async ([fault, code]) => {
    const world = buildWorld({ tenants: LEASED });
    const use = await prepare(world);
    world.vendor.faults.set(1, fault);

    expect(await recheck(world)).toEqual({ checked: 1, dropped: 1 });

    expect(world.service.stats.keysInMemory).toBe(0);
    expect(world.withdrawn).toEqual([1]);
    // A lease that wraps is made anew, which the KMS refuses as a wrap.
    const expected = kind === "a lease that wraps" && code === 205 ? 204 : code;
    expect(await codeOf(use)).toBe(expected);
  });

  it.for(KEPT)("stays when its KMS says %s", async (fault) => {
    const world = buildWorld({ tenants: LEASED });
    const use = await prepare(world);
    world.vendor.faults.set(1, fault);

    expect(await recheck(world)).toEqual({ checked: 1, dropped: 0 });

    expect(await codeOf(use)).toBe(0);
    expect(world.withdrawn).toEqual([]);
  });

  it.for([
    ["its tenant is gone", {}],
    ["its configuration is not assigned any more", { acme: single(2) }],
    ["its configuration is disabled", { acme: { assignments: [{ id: 1, active: false }] } }],
    ["its configuration cannot be used", { acme: single(1, { usable: false }) }],
    ["its configuration changed", { acme: single(1, { leased: true, fingerprint: "new" }) }],
  ] as const)("is wiped without asking anybody when %s", async ([, tenants]) => {
    const world = buildWorld({ tenants: LEASED });
    await prepare(world);
    const calls = world.vendor.calls.length;

    expect(await recheck(world, tenants)).toEqual({ checked: 0, dropped: 1 });

    expect(world.vendor.calls).toHaveLength(calls);
    expect(world.service.stats.keysInMemory).toBe(0);
  });

  it("is wiped when it is too old, used or not", async () => {
    const world = buildWorld({ tenants: LEASED, keys: { leaseMaxAgeMs: 60_000 } });
    await prepare(world);
    world.clock.advance(60_000);

    expect(await recheck(world)).toEqual({ checked: 0, dropped: 1 });
    expect(world.service.stats.keysInMemory).toBe(0);
  });

  describe("that nobody used since the last refresh", () => {
    it("is not asked about until somebody wants it", async () => {
      const { world, use, asked } = await idle(prepare);

      expect(await recheck(world)).toEqual({ checked: 0, dropped: 0 });
      expect(world.vendor.calls).toHaveLength(asked);

      await use();
      expect(world.vendor.calls).toHaveLength(asked + 1);
      expect(world.vendor.calls.at(-1)?.operation).toBe("unwrap");
      await use();
      expect(world.vendor.calls).toHaveLength(asked + 1);
    });

    it("is wiped then if its KMS refuses", async () => {
      const { world, use } = await idle(prepare);
      await recheck(world);
      world.vendor.faults.set(1, "KMS_AUTH_FAILED");

      expect(await codeOf(use)).toBe(206);
      expect(world.service.stats.keysInMemory).toBe(0);
    });

    it("serves then although its KMS cannot be reached", async () => {
      const { world, use } = await idle(prepare);
      await recheck(world);
      world.vendor.faults.set(1, "KMS_UNREACHABLE");

      expect(await codeOf(use)).toBe(0);
    });

    it("serves then although its KMS does not answer, and is wiped when it refuses in the end", async () => {
      const { world, use } = await idle(prepare);
      await recheck(world);
      const release = world.vendor.hold();

      expect(await codeOf(use)).toBe(0);
      expect(await codeOf(use)).toBe(0);

      world.vendor.faults.set(1, "KMS_AUTH_FAILED");
      release();
      await expect.poll(() => world.service.stats.keysInMemory).toBe(0);
      expect(world.withdrawn).toEqual([1]);
    });

    it("is asked about once for everybody who wants it at the same time", async () => {
      const { world, use, asked } = await idle(prepare);
      await recheck(world);

      await Promise.all(Array.from({ length: 100 }, async () => use()));

      expect(world.vendor.calls).toHaveLength(asked + 1);
    });
  });
});

describe("a lease whose KMS opens it to other bytes", () => {
  it("is wiped", async () => {
    const world = buildWorld({ tenants: LEASED });
    await world.service.wrap(call("acme"));
    for (const known of world.vendor.wrapped.values()) known.plaintext[0]! ^= 1;

    expect(await recheck(world)).toEqual({ checked: 1, dropped: 1 });
  });
});

describe("re-checks that come together", () => {
  it("share the one after the first, on the newest snapshot", async () => {
    const world = buildWorld({ tenants: LEASED });
    await world.service.wrap(call("acme"));
    world.vendor.latencyMs = 30;
    const asked = world.vendor.count("unwrap");

    const first = recheck(world);
    await expect.poll(() => world.vendor.count("unwrap"), { interval: 1 }).toBe(asked + 1);
    const second = world.service.recheck(snapshotOf(LEASED));
    const third = world.service.recheck(snapshotOf({}));

    expect(await first).toEqual({ checked: 1, dropped: 0 });
    expect(await second).toEqual({ checked: 0, dropped: 1 });
    expect(await third).toEqual(await second);
    expect(world.vendor.count("unwrap")).toBe(asked + 1);
  });

  it("ask about many keys with bounded concurrency and leave requests their room", async () => {
    const vendor = new FakeVendor();
    const names = Array.from({ length: 200 }, (_, index) => `tenant-${index}`);
    const tenants: TenantSketches = Object.fromEntries(
      names.map((name, index) => [name, single(index + 1, { leased: true })]),
    );
    const world = buildWorld({ tenants, vendor, kms: { clientCacheSize: 300 } });
    for (const name of names) await world.service.wrap(call(name));
    vendor.latencyMs = 2;
    vendor.mostRunning = 0;

    expect(await recheck(world, tenants)).toEqual({ checked: 200, dropped: 0 });
    expect(vendor.mostRunning).toBeLessThanOrEqual(32);
    expect(vendor.mostRunning).toBeGreaterThan(1);
  });
});

describe("clients of configurations that are gone", () => {
  it("are closed at a refresh, the others stay open", async () => {
    const tenants = { a: single(1), b: single(2) };
    const world = buildWorld({ tenants });
    await world.service.wrap(call("a"));
    await world.service.wrap(call("b"));

    await recheck(world, { b: single(2) });

    await expect.poll(() => world.vendor.closed).toEqual([1]);
    expect(world.pool.stats.clients).toBe(1);
  });
});

describe("a key that is used while it is withdrawn", () => {
  it("is never used as zeros: what was sealed opens, and the rest is refused", async () => {
    const world = buildWorld({ tenants: LEASED });
    await world.service.wrap(call("acme"));
    world.vendor.faults.set(1, "KMS_AUTH_FAILED");
    const made: Buffer[] = [];
    const codes = new Set<number>();
    const progress = { over: false };

    const rechecking = recheck(world).finally(() => {
      progress.over = true;
    });
    while (!progress.over) {
      await new Promise((resolve) => setImmediate(resolve));
      codes.add(
        await codeOf(async () => {
          const { edek } = await world.service.wrap(call("acme"));
          made.push(edek);
        }),
      );
    }
    await rechecking;
    world.vendor.faults.clear();

    expect([...codes].every((code) => code === 0 || code === 206)).toBe(true);
    const reader = buildWorld({ tenants: LEASED, vendor: world.vendor });
    for (const edek of made) {
      expect(await codeOf(() => reader.service.unwrap(call("acme"), edek.toString("base64")))).toBe(
        0,
      );
    }
  });
});

describe("the sweep between refreshes", () => {
  it("leaves no expired key in memory, although nobody refreshes", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const world = buildWorld({ tenants: LEASED, keys: { leaseMaxAgeMs: 60_000 } });
    await world.service.wrap(call("acme"));
    await world.service.derive(call("acme"), DERIVATION);
    expect(world.service.stats.keysInMemory).toBe(2);

    vi.advanceTimersByTime(60_000);
    expect(world.service.stats.keysInMemory).toBe(2);

    world.clock.advance(60_000);
    vi.advanceTimersByTime(60_000);
    expect(world.service.stats.keysInMemory).toBe(0);
    expect(world.service.stats).toMatchObject({ minted: 0, secrets: 0 });
  });
});

describe("an EDEK whose field 5 is no wrapped key", () => {
  it("is refused with 203 and no event", async () => {
    const world = buildWorld({ tenants: LEASED });
    const lease = { id: 1, iv: Buffer.alloc(25, 3), wrappedKey: Buffer.from("edek") };
    const edek = encodeEdek({ data: Buffer.alloc(48), kmsConfigId: 1, lease });

    expect(await codeOf(() => world.service.unwrap(call("acme"), edek.toString("base64")))).toBe(
      203,
    );
    expect(world.events.recorded).toEqual([]);
  });
});

/** A world with one key in it that was checked at a refresh and not used since. */
async function idle(prepare: (world: World) => Promise<() => unknown>) {
  const world = buildWorld({ tenants: LEASED });
  const use = await prepare(world);
  await recheck(world);
  return { world, use, asked: world.vendor.calls.length };
}

function recheck(world: World, tenants: TenantSketches = LEASED) {
  return world.service.recheck(world.setTenants(tenants));
}
