import { describe, expect, it, vi } from "vitest";
import { decodeEdek } from "../../src/edek/codec.ts";
import { LeaseMemory } from "../../src/keys/lease-memory.ts";
import { codeOf } from "./helpers/refusal-of.ts";
import { buildWorld, call, single, type World, type WorldOptions } from "./helpers/world.ts";

const LEASED = { acme: single(1, { leased: true }) };

describe("a tenant whose lease is at hand", () => {
  it("is not looked up any more, neither to wrap, nor to unwrap, nor for its label", async () => {
    const world = leasedWorld();
    const { dek, edek } = await wrap(world);
    const lookUp = vi.spyOn(world.snapshot().tenants, "get");

    const second = world.service.wrap(call("acme"));
    const opened = world.service.unwrap(call("acme"), edek);

    expect(second).not.toBeInstanceOf(Promise);
    expect(opened).toEqual(dek);
    expect(world.service.kmsTypeOf("acme")).toBe("LOCAL");
    expect(lookUp).not.toHaveBeenCalled();
    expect(world.lookUps).toEqual(["hit"]);
    expect(world.counts.get("wrap")).toBe(2);
    expect(world.counts.get("unwrap")).toBe(1);
    expect(world.events.recorded.map(([event]) => event)).toEqual([
      "DATA_ENCRYPT",
      "DATA_ENCRYPT",
      "DATA_DECRYPT",
    ]);
  });

  it("gets EDEKs of one form, whichever way they were made", async () => {
    const world = leasedWorld();
    const first = decodeEdek((await wrap(world)).edekBytes);
    const second = decodeEdek((await wrap(world)).edekBytes);

    expect(second.kmsConfigId).toBe(first.kmsConfigId);
    expect(second.lease?.id).toBe(first.lease?.id);
    expect(second.lease?.wrappedKey).toEqual(first.lease?.wrappedKey);
    expect(second.lease?.iv[0]).toBe(first.lease?.iv[0]);
    expect(second.lease?.iv).not.toEqual(first.lease?.iv);
    expect(second.data).not.toEqual(first.data);
  });

  it("opens nothing that was changed, and nothing of another tenant", async () => {
    const world = leasedWorld({
      tenants: { acme: single(1, { leased: true }), other: single(1, { leased: true }) },
    });
    const { edekBytes } = await wrap(world);
    const foreign = await wrap(world, "other");
    await wrap(world);

    for (let at = 0; at < edekBytes.length; at += 1) {
      const changed = Buffer.from(edekBytes);
      changed[at]! ^= 1;
      expect(await codeOf(() => unwrap(world, changed.toString("base64")))).not.toBe(0);
    }
    expect(await codeOf(() => unwrap(world, foreign.edek))).not.toBe(0);
    expect(await unwrap(world, edekBytes.toString("base64"))).toHaveLength(32);
  });

  it("refuses a use whose event has no room, and gives out no key", async () => {
    const world = leasedWorld();
    const { edek } = await wrap(world);
    world.events.room = 0;

    expect(await codeOf(() => world.service.wrap(call("acme")))).toBe(301);
    expect(await codeOf(() => unwrap(world, edek))).toBe(301);
  });
});

describe("from the first request after a new configuration", () => {
  it("the tenant's new primary wraps, and the old one still unwraps", async () => {
    const world = leasedWorld();
    const old = await wrap(world);
    await wrap(world);
    world.setTenants({
      acme: {
        assignments: [
          { id: 2, primary: true, leased: true },
          { id: 1, leased: true },
        ],
      },
    });

    expect(decodeEdek((await wrap(world)).edekBytes).kmsConfigId).toBe(2);
    expect(decodeEdek((await wrap(world)).edekBytes).kmsConfigId).toBe(2);
    expect(await unwrap(world, old.edek)).toEqual(old.dek);
  });

  it.for([
    ["the tenant has gone", {}, 201, 201],
    [
      "its configuration is disabled",
      { acme: single(1, { leased: true, active: false }) },
      201,
      201,
    ],
    ["it has no primary", { acme: { assignments: [{ id: 1, leased: true }] } }, 200, 0],
    ["its configuration cannot be used", { acme: single(1, { usable: false }) }, 207, 207],
  ] as const)("nothing is wrapped or opened that may not be: %s", async ([, tenants, w, u]) => {
    const world = leasedWorld();
    const { edek } = await wrap(world);
    await wrap(world);
    world.setTenants(tenants);

    expect(await codeOf(() => world.service.wrap(call("acme")))).toBe(w);
    expect(await codeOf(() => unwrap(world, edek))).toBe(u);
  });

  it("leasing may be over", async () => {
    const world = leasedWorld();
    await wrap(world);
    await wrap(world);
    world.setTenants({ acme: single(1) });

    expect(decodeEdek((await wrap(world)).edekBytes).lease).toBeUndefined();
  });

  it("no snapshot that is fresh enough means no key", async () => {
    const world = leasedWorld();
    await wrap(world);
    await wrap(world);
    world.failTenants(new Error("too old"));

    await expect(async () => world.service.wrap(call("acme"))).rejects.toThrow("too old");
    expect(world.service.kmsTypeOf("acme")).toBe("none");
  });
});

describe("a lease at hand that is not to be used any more", () => {
  it("is not, once its KMS has withdrawn it", async () => {
    const world = leasedWorld();
    const { edek } = await wrap(world);
    await wrap(world);
    world.vendor.faults.set(1, "KMS_AUTH_FAILED");

    await world.service.recheck(world.snapshot());

    expect(world.service.stats.keysInMemory).toBe(0);
    expect(await codeOf(() => world.service.wrap(call("acme")))).toBe(206);
    expect(await codeOf(() => unwrap(world, edek))).toBe(206);
  });

  it("is asked about after every refresh in which it was used", async () => {
    const world = leasedWorld();
    await wrap(world);
    for (let refresh = 1; refresh <= 4; refresh += 1) {
      await world.service.recheck(world.snapshot());
      expect(world.vendor.count("unwrap")).toBe(refresh);
      await wrap(world);
      await wrap(world);
    }
  });

  it("is not, once the service is closed", async () => {
    const world = leasedWorld();
    await wrap(world);
    await wrap(world);
    await world.service.close();

    expect(await codeOf(() => world.service.wrap(call("acme")))).toBe(208);
  });
});

describe("what does not fit a row", () => {
  it.for([
    ["an id beyond ASCII", "tenant-ü-漢字"],
    ["a long id", "x".repeat(1_000)],
    ["an id of one control character", "\u0000"],
  ])("goes the long way and works as well: %s", async ([, id]) => {
    const world = leasedWorld({ tenants: { [id!]: single(1, { leased: true }) } });
    const first = await wrap(world, id);
    const second = await wrap(world, id);

    expect(await unwrap(world, first.edek, id)).toEqual(first.dek);
    expect(await unwrap(world, second.edek, id)).toEqual(second.dek);
    expect(world.vendor.count("wrap")).toBe(1);
  });
});

describe("when there are nearly as many leases as there may be", () => {
  it("those that were used least recently go, and no other", async () => {
    const ids = Array.from({ length: 17 }, (_, index) => `tenant-${index}`);
    const tenants = Object.fromEntries(ids.map((id, at) => [id, single(at + 1, { leased: true })]));
    const world = leasedWorld({ tenants, maxWrappingLeases: 16 });
    for (const id of ids.slice(0, 16)) await wrap(world, id);
    for (const id of ids.slice(0, 16)) if (id !== "tenant-5") await wrap(world, id);

    await wrap(world, "tenant-16");
    for (const id of ids) if (id !== "tenant-5") await wrap(world, id);
    expect(world.vendor.count("wrap")).toBe(17);

    await wrap(world, "tenant-5");
    expect(world.vendor.count("wrap")).toBe(18);
  });
});

describe("a key that is lent", () => {
  it("is a copy, and zeros as soon as it is taken back", () => {
    const memory = new LeaseMemory();
    const slots = Array.from({ length: 3_000 }, (_, index) => memory.acquire().fill(index & 0xff));

    for (const [index, slot] of slots.entries()) {
      const lent = memory.lend(memory.placeOf(slot));
      expect(lent.equals(Buffer.alloc(32, index & 0xff))).toBe(true);
      expect(lent.buffer).not.toBe(slot.buffer);
      memory.takeBack();
      expect(lent.equals(Buffer.alloc(32))).toBe(true);
    }
    memory.close();
  });
});

function leasedWorld(options: Partial<WorldOptions> = {}): World {
  return buildWorld({ tenants: LEASED, ...options });
}

async function wrap({ service }: World, tenantId = "acme") {
  const { dek, edek } = await service.wrap(call(tenantId));
  return { dek, edek: edek.toString("base64"), edekBytes: edek };
}

async function unwrap({ service }: World, edek: string, tenantId = "acme"): Promise<Buffer> {
  return await service.unwrap(call(tenantId), edek);
}
