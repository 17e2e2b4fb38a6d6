import { describe, expect, it } from "vitest";
import { decodeEdek, decodeWrappedKey } from "../../src/edek/codec.ts";
import { bindingTag, bindingText } from "../../src/edek/binding.ts";
import type { WrappedKey } from "../../src/keys/ports.ts";
import { localDriver } from "./helpers/local-drivers.ts";
import { buildWorld, call, single, type World, type WorldOptions } from "./helpers/world.ts";

const BOTH = { leased: single(1, { leased: true }), unleased: single(2) };

const FORMATS: readonly (readonly [string, string, WorldOptions["keys"]])[] = [
  ["leased XChaCha20-Poly1305", "leased", {}],
  ["leased AES-256-GCM", "leased", { leaseCipher: "aes-256-gcm" }],
  ["leased as the original does", "leased", { binding: "none" }],
  ["unleased and bound", "unleased", {}],
  ["unleased as the original does", "unleased", { binding: "none" }],
];

describe.for(FORMATS)("%s", ([, tenant, keys]) => {
  it.for([
    ["a KMS that answers later", undefined],
    ["the embedded KMS", localDriver],
  ] as const)("gives back the key that was wrapped, with %s", async ([, driver]) => {
    const world = buildWorld({ tenants: BOTH, ...(keys && { keys }), ...(driver && { driver }) });

    const { dek, edek } = await world.service.wrap(call(tenant));

    expect(dek).toHaveLength(32);
    expect(edek[0]).toBe(0x0a);
    expect(await unwrap(world, tenant, edek)).toEqual(dek);
  });

  it("is opened by another proxy with the same KMS", async () => {
    const first = buildWorld({ tenants: BOTH, ...(keys && { keys }) });
    const second = buildWorld({ tenants: BOTH, vendor: first.vendor });

    const { dek, edek } = await first.service.wrap(call(tenant));

    expect(await unwrap(second, tenant, edek)).toEqual(dek);
    expect(await unwrap(second, tenant, edek)).toEqual(dek);
  });

  it("never makes the same key or the same EDEK twice", async () => {
    const world = buildWorld({ tenants: BOTH, ...(keys && { keys }) });
    const made = new Set<string>();

    for (let round = 0; round < 700; round += 1) {
      const { dek, edek } = await world.service.wrap(call(tenant));
      made.add(dek.toString("hex")).add(edek.toString("hex"));
    }

    expect(made.size).toBe(1_400);
  });
});

describe("a lease in memory", () => {
  it("answers at once, without a promise and without looking at the deadline", async () => {
    const world = buildWorld({ tenants: BOTH });
    await world.service.wrap(call("leased"));
    const hurried = {
      ...call("leased"),
      get signal(): AbortSignal {
        throw new Error("nobody needs a deadline here");
      },
    };

    const wrapped = world.service.wrap(hurried) as WrappedKey;
    const dek = world.service.unwrap(hurried, wrapped.edek.toString("base64"));

    expect(wrapped.dek).toHaveLength(32);
    expect(dek).toEqual(wrapped.dek);
    expect(world.vendor.calls).toHaveLength(1);
  });

  it("wraps every key under one lease with one call to the KMS", async () => {
    const world = buildWorld({ tenants: BOTH });

    const made = await Promise.all(
      Array.from({ length: 100 }, async () => world.service.wrap(call("leased"))),
    );

    const leases = new Set(made.map(({ edek }) => decodeEdek(edek).lease?.id));
    expect(leases.size).toBe(1);
    expect(world.vendor.calls).toEqual([{ configurationId: 1, operation: "wrap" }]);
    expect(world.counts).toEqual(
      new Map([
        ["lease_wrap", 1],
        ["wrap", 100],
      ]),
    );
  });

  it("is kept apart from the leases of other tenants of the same configuration", async () => {
    const shared = single(1, { leased: true });
    const world = buildWorld({ tenants: { a: shared, b: shared } });

    const a = decodeEdek((await world.service.wrap(call("a"))).edek);
    const b = decodeEdek((await world.service.wrap(call("b"))).edek);

    expect(a.lease?.id).not.toBe(b.lease?.id);
    expect(a.lease?.wrappedKey).not.toEqual(b.lease?.wrappedKey);
  });
});

describe("the bytes that are written", () => {
  it("name the same configuration outside and inside", async () => {
    const { service } = buildWorld({ tenants: { acme: single(534, { leased: true }) } });

    const edek = decodeEdek((await service.wrap(call("acme"))).edek);

    expect(edek.kmsConfigId).toBe(534);
    expect(decodeWrappedKey(edek.lease!.wrappedKey).kmsConfigId).toBe(534);
    expect(edek.lease!.iv).toHaveLength(25);
    expect(edek.lease!.iv[0]).toBe(3);
    expect(edek.data).toHaveLength(48);
  });

  it("give the KMS a key and the tag of its binding", async () => {
    const { service, vendor } = buildWorld({ tenants: { acme: single(534) } });

    const { dek } = await service.wrap(call("acme"));

    const tag = bindingTag(bindingText("acme", 534, 0));
    expect(plaintexts(vendor)).toEqual([Buffer.concat([dek, tag])]);
  });

  it("give the KMS the key of a lease and the tag of that lease", async () => {
    const { service, vendor } = buildWorld({ tenants: { acme: single(534, { leased: true }) } });

    const edek = decodeEdek((await service.wrap(call("acme"))).edek);

    const tag = bindingTag(bindingText("acme", 534, edek.lease!.id));
    expect(plaintexts(vendor)[0]?.subarray(32)).toEqual(tag);
  });

  it("give the KMS nothing but keys when nothing is to be bound", async () => {
    const { service, vendor } = buildWorld({ tenants: BOTH, keys: { binding: "none" } });

    const { edek } = await service.wrap(call("leased"));
    const { dek } = await service.wrap(call("unleased"));

    expect(decodeEdek(edek).lease?.iv).toHaveLength(12);
    expect(plaintexts(vendor).map(({ length }) => length)).toEqual([32, 32]);
    expect(plaintexts(vendor)[1]).toEqual(dek);
  });
});

async function unwrap({ service }: World, tenantId: string, edek: Buffer): Promise<Buffer> {
  return service.unwrap(call(tenantId), edek.toString("base64"));
}

function plaintexts({ wrapped }: World["vendor"]): Buffer[] {
  return [...wrapped.values()].map(({ plaintext }) => plaintext);
}
