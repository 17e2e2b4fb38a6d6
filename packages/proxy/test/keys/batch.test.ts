import { performance } from "node:perf_hooks";
import { describe, expect, it } from "vitest";
import { ProxyError } from "../../src/errors.ts";
import type { WrappedKey } from "../../src/keys/ports.ts";
import { STATUS } from "../../src/status.ts";
import { FakeVendor } from "./helpers/fake-vendor.ts";
import { localDriver } from "./helpers/local-drivers.ts";
import { codeOf } from "./helpers/refusal-of.ts";
import { buildWorld, call, single, type World } from "./helpers/world.ts";

const TENANTS = { leased: single(1, { leased: true }), unleased: single(2) };
const TRICKY_IDS = ["__proto__", "constructor", "0", "", "ключ", "x".repeat(1_000), "toString"];

describe.for(["leased", "unleased"])("a batch of a tenant that is %s", (tenant) => {
  it("gives each id its own key, and the way back too", async () => {
    const { service } = buildWorld({ tenants: TENANTS });

    const keys = wrapped(await service.batchWrap(call(tenant), TRICKY_IDS));
    const opened = await service.batchUnwrap(call(tenant), textsOf(keys));

    expect([...keys.keys()].toSorted()).toEqual(TRICKY_IDS.toSorted());
    expect(new Set([...keys.values()].map(({ dek }) => dek.toString("hex"))).size).toBe(7);
    for (const [id, { dek }] of keys) expect(opened.get(id)).toEqual(dek);
  });

  it("has one key for an id that comes twice", async () => {
    const { service, counts } = buildWorld({ tenants: TENANTS });

    const keys = await service.batchWrap(call(tenant), ["a", "b", "a", "a"]);

    expect([...keys.keys()].toSorted()).toEqual(["a", "b"]);
    expect(counts.get("wrap")).toBe(2);
  });

  it("may be empty", async () => {
    const { service, vendor } = buildWorld({ tenants: TENANTS });

    expect(await service.batchWrap(call(tenant), [])).toEqual(new Map());
    expect(await service.batchUnwrap(call(tenant), new Map())).toEqual(new Map());
    expect(vendor.calls).toEqual([]);
  });

  it("of an unknown tenant is refused as a whole", async () => {
    const { service } = buildWorld({ tenants: TENANTS });

    expect(await codeOf(() => service.batchWrap(call("nobody"), []))).toBe(201);
    expect(await codeOf(() => service.batchUnwrap(call("nobody"), new Map()))).toBe(201);
  });

  it("gives one bad item its own reason and all others their keys", async () => {
    const world = buildWorld({ tenants: TENANTS });
    const keys = wrapped(await world.service.batchWrap(call(tenant), ["a", "b", "c"]));
    const texts = textsOf(keys);
    const foreign = await world.service.wrap(call(tenant === "leased" ? "unleased" : "leased"));
    texts.set("garbage", "ZWRlaw==").set("foreign", foreign.edek.toString("base64"));

    const opened = await world.service.batchUnwrap(call(tenant), texts);

    for (const [id, { dek }] of keys) expect(opened.get(id)).toEqual(dek);
    expect(codeIn(opened, "garbage")).toBe(203);
    expect(codeIn(opened, "foreign")).toBe(203);
  });
});

describe("a batch of unleased keys", () => {
  it("fans out no wider than one configuration may", async () => {
    const world = buildWorld({ tenants: TENANTS, kms: { concurrency: 8, queueSize: 0 } });
    world.vendor.latencyMs = 1;
    const ids = Array.from({ length: 300 }, (_, index) => `${index}`);

    const keys = wrapped(await world.service.batchWrap(call("unleased"), ids));
    expect(world.vendor.mostRunning).toBe(8);

    const opened = await world.service.batchUnwrap(call("unleased"), textsOf(keys));
    expect(world.vendor.mostRunning).toBe(8);
    expect(opened.get("299")).toEqual(keys.get("299")?.dek);
  });

  it("has failures of its KMS item by item", async () => {
    const world = buildWorld({ tenants: TENANTS });
    const keys = wrapped(await world.service.batchWrap(call("unleased"), ["a", "b"]));
    world.vendor.faults.set(2, "KMS_AUTH_FAILED");

    const results = await world.service.batchWrap(call("unleased"), ["c", "d"]);
    const opened = await world.service.batchUnwrap(call("unleased"), textsOf(keys));

    for (const id of ["c", "d"]) expect(codeIn(results, id)).toBe(206);
    for (const id of ["a", "b"]) expect(codeIn(opened, id)).toBe(206);
    expect(world.events.recorded.filter(([name]) => name === "DATA_DENY_ACCESS")).toHaveLength(4);
  });

  it("ends soon after its caller has gone", async () => {
    const world = buildWorld({ tenants: TENANTS, kms: { concurrency: 4 } });
    world.vendor.latencyMs = 20;
    const caller = new AbortController();
    const ids = Array.from({ length: 2_000 }, (_, index) => `${index}`);

    const batch = world.service.batchWrap(call("unleased", caller.signal), ids);
    await expect.poll(() => world.vendor.calls.length).toBeGreaterThan(8);
    caller.abort();
    const results = await batch;

    expect(results.size).toBe(2_000);
    expect(codeIn(results, "1999")).toBe(208);
    expect(world.vendor.calls.length).toBeLessThan(500);
  });
});

describe("a batch of leased keys", () => {
  it("opens a cold lease once, whatever else is in it", async () => {
    const { vendor, keys } = await madeElsewhere(1_000);
    const world = buildWorld({ tenants: TENANTS, vendor });
    const asked = vendor.count("unwrap");

    const opened = await world.service.batchUnwrap(call("leased"), textsOf(keys));

    expect(vendor.count("unwrap") - asked).toBe(1);
    for (const [id, { dek }] of keys) expect(opened.get(id)).toEqual(dek);
  });

  it("asks once about a lease that does not open, and says so of every item", async () => {
    const { vendor, keys } = await madeElsewhere(1_000);
    const world = buildWorld({ tenants: TENANTS, vendor });
    vendor.faults.set(1, "KMS_AUTH_FAILED");
    const asked = vendor.count("unwrap");

    const opened = await world.service.batchUnwrap(call("leased"), textsOf(keys));

    expect(vendor.count("unwrap") - asked).toBe(1);
    expect(new Set([...opened.keys()].map((id) => codeIn(opened, id)))).toEqual(new Set([206]));
    expect(world.events.recorded).toHaveLength(1_000);
  });

  it("asks once for a lease that cannot be made, and says so of every item", async () => {
    const world = buildWorld({ tenants: TENANTS });
    world.vendor.faults.set(1, "KMS_AUTH_FAILED");
    const ids = Array.from({ length: 500 }, (_, index) => `${index}`);

    const results = await world.service.batchWrap(call("leased"), ids);

    expect(world.vendor.calls).toHaveLength(1);
    expect(results.size).toBe(500);
    expect(new Set(ids.map((id) => codeIn(results, id)))).toEqual(new Set([206]));
    expect(world.events.recorded).toHaveLength(500);
  });

  it("lets no item with a made-up lease spoil another one's", async () => {
    const { vendor, keys } = await madeElsewhere(3);
    const world = buildWorld({ tenants: TENANTS, vendor });
    const texts = textsOf(keys);
    const forged = Buffer.from(keys.get("0")!.edek);
    forged[forged.length - 3]! ^= 1;

    const opened = await world.service.batchUnwrap(
      call("leased"),
      new Map([["forged", forged.toString("base64")], ...texts]),
    );

    expect(codeIn(opened, "forged")).toBe(205);
    for (const [id, { dek }] of keys) expect(opened.get(id)).toEqual(dek);
  });

  it("never blocks the event loop for long: ten thousand items", async () => {
    const world = buildWorld({ tenants: TENANTS, driver: localDriver });
    await world.service.wrap(call("leased"));
    const ids = Array.from({ length: 10_000 }, (_, index) => `${index}`);

    const [keys, wrapTurns] = await countTurns(() => world.service.batchWrap(call("leased"), ids));
    const texts = textsOf(wrapped(keys));
    const [opened, unwrapTurns] = await countTurns(() =>
      world.service.batchUnwrap(call("leased"), texts),
    );

    expect(opened.size).toBe(10_000);
    // One breath per hundred items; how long a hundred take is the machine's affair.
    expect(wrapTurns).toBeGreaterThanOrEqual(90);
    expect(unwrapTurns).toBeGreaterThanOrEqual(90);
  });

  it("lets unleased items breathe too, although the embedded KMS answers at once", async () => {
    const world = buildWorld({ tenants: TENANTS, driver: localDriver });
    const ids = Array.from({ length: 5_000 }, (_, index) => `${index}`);

    const [keys, turns] = await countTurns(() => world.service.batchWrap(call("unleased"), ids));

    expect(keys.size).toBe(5_000);
    // All strands pause together, each with an item in hand: somewhat more than a hundred per turn.
    expect(turns).toBeGreaterThanOrEqual(25);
  });
});

/** Runs `work` and counts the turns of the event loop that others got meanwhile. */
async function countTurns<T>(work: () => Promise<T>): Promise<[T, number]> {
  let turns = 0;
  let running = true;
  const tick = (): void => {
    turns += 1;
    if (running) setImmediate(tick);
  };
  setImmediate(tick);
  const started = performance.now();
  try {
    return [await work(), turns];
  } finally {
    running = false;
    expect(performance.now() - started).toBeLessThan(60_000);
  }
}

async function madeElsewhere(count: number) {
  const vendor = new FakeVendor();
  const { service } = buildWorld({ tenants: TENANTS, vendor });
  const ids = Array.from({ length: count }, (_, index) => `${index}`);
  return { vendor, keys: wrapped(await service.batchWrap(call("leased"), ids)) };
}

type WrapResults = Awaited<ReturnType<World["service"]["batchWrap"]>>;

function wrapped(results: WrapResults): Map<string, WrappedKey> {
  const keys = new Map<string, WrappedKey>();
  for (const [id, key] of results) {
    if (key instanceof ProxyError) throw key;
    keys.set(id, key);
  }
  return keys;
}

function textsOf(keys: ReadonlyMap<string, WrappedKey>): Map<string, string> {
  return new Map([...keys].map(([id, { edek }]) => [id, edek.toString("base64")]));
}

function codeIn(results: ReadonlyMap<string, unknown>, id: string): number {
  const result = results.get(id);
  return result instanceof ProxyError ? STATUS[result.status] : 0;
}
