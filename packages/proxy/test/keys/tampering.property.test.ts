import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeEdek, decodeWrappedKey, encodeEdek } from "../../src/edek/codec.ts";
import type { Edek, EdekLease } from "../../src/edek/edek.ts";
import { ProxyError } from "../../src/errors.ts";
import { STATUS } from "../../src/status.ts";
import { localDriver } from "./helpers/local-drivers.ts";
import { buildWorld, call, type World, type WorldOptions } from "./helpers/world.ts";

interface Format {
  readonly name: string;
  readonly tenant: string;
  readonly keys: WorldOptions["keys"];
  /** Whether tenant, configuration and lease are authenticated. */
  readonly bound: boolean;
}

const FORMATS: readonly Format[] = [
  { name: "leased XChaCha20-Poly1305", tenant: "leased", keys: {}, bound: true },
  {
    name: "leased AES-256-GCM",
    tenant: "leased",
    keys: { leaseCipher: "aes-256-gcm" },
    bound: true,
  },
  { name: "leased original", tenant: "leased", keys: { binding: "none" }, bound: false },
  { name: "unleased, bound", tenant: "unleased", keys: {}, bound: true },
  { name: "unleased original", tenant: "unleased", keys: { binding: "none" }, bound: false },
];

// Both tenants may use both configurations, so that only the EDEK itself can stand in the way.
const TENANTS = {
  leased: { assignments: [{ id: 1, leased: true, primary: true }, { id: 2 }] },
  unleased: { assignments: [{ id: 1, primary: true }, { id: 2 }] },
  thief: { assignments: [{ id: 1, leased: true, primary: true }, { id: 2 }] },
};

/** What a changed EDEK may be answered with; 100 never is. */
const RIGHT_REFUSALS: readonly (number | Buffer)[] = [202, 203, 205];

/**
 * What a changed EDEK may still mean where nothing about it is authenticated: its key under other
 * ids, or, when the bytes in between are skipped, the wrapped key of its lease as an EDEK of its own.
 */
async function unbound(
  service: World["service"],
  { bound, tenant }: (typeof FORMATS)[number],
  { dek, edek }: { readonly dek: Buffer; readonly edek: Buffer },
): Promise<readonly (number | Buffer)[]> {
  if (bound) return [];
  const { lease } = decodeEdek(edek);
  return lease === undefined ? [dek] : [dek, await unwrap(service, tenant, lease.wrappedKey)];
}

describe.for(FORMATS)("$name", (format) => {
  const world = (): World =>
    buildWorld({
      tenants: TENANTS,
      driver: localDriver,
      ...(format.keys && { keys: format.keys }),
    });

  it("with any single bit changed is refused or still means the very same key", async () => {
    const { service } = world();
    const { dek, edek } = await service.wrap(call(format.tenant));
    const right = [...RIGHT_REFUSALS, ...(await unbound(service, format, { dek, edek }))];
    let refused = 0;
    for (let bit = 0; bit < edek.length * 8; bit += 1) {
      const changed = Buffer.from(edek);
      changed[bit >> 3]! ^= 1 << (bit & 7);

      const outcome = await unwrap(service, format.tenant, changed);

      expect(right).toContainEqual(outcome);
      if (typeof outcome === "number") refused += 1;
    }
    expect(refused).toBeGreaterThan(edek.length * 7);
  });

  it("with bytes changed, added, moved or cut anywhere never gives a wrong key", async () => {
    const { service } = world();
    const { dek, edek } = await service.wrap(call(format.tenant));
    const right = [...RIGHT_REFUSALS, dek, ...(await unbound(service, format, { dek, edek }))];
    const damaged = fc
      .tuple(fc.nat(edek.length), fc.nat(12), fc.uint8Array({ maxLength: 12 }))
      .map(([at, removed, added]) =>
        Buffer.concat([edek.subarray(0, at), added, edek.subarray(at + removed)]),
      );
    await fc.assert(
      fc.asyncProperty(damaged, async (changed) => {
        const outcome = await unwrap(service, format.tenant, changed);
        expect(right).toContainEqual(outcome);
      }),
      { numRuns: 300 },
    );
  });

  it("is not opened by another tenant of the same configuration, as far as it is bound", async () => {
    const { service } = world();
    const { dek, edek } = await service.wrap(call(format.tenant));

    expect(await unwrap(service, "thief", edek)).toEqual(format.bound ? 203 : dek);
  });

  it("is not opened when it names another configuration of the tenant", async () => {
    const { service } = world();
    const { dek, edek } = await service.wrap(call(format.tenant));
    const decoded = decodeEdek(edek);

    const outcome = await unwrap(
      service,
      format.tenant,
      encodeEdek({ ...decoded, kmsConfigId: 2 }),
    );

    // The original's leased EDEKs may name a wrong one outside: the one inside counts.
    const mayOpen = decoded.lease !== undefined && !format.bound;
    expect(mayOpen ? [dek] : [203, 205]).toContainEqual(outcome);
  });

  it("is not opened under another lease id, as far as it is bound", async () => {
    const { service } = world();
    const { dek, edek } = await service.wrap(call(format.tenant));
    const decoded = decodeEdek(edek);
    if (decoded.lease === undefined) return;
    const lease = { ...decoded.lease, id: (decoded.lease.id % 1_000) + 1 };

    const outcome = await unwrap(service, format.tenant, encodeEdek({ ...decoded, lease }));

    expect(outcome).toEqual(format.bound ? 203 : dek);
  });
});

describe("parts exchanged between EDEKs", () => {
  const PARTS = {
    data: (from: Edek) => ({ data: from.data }),
    kmsConfigId: (from: Edek) => ({ kmsConfigId: from.kmsConfigId }),
    "lease id": (from: Edek, to: Edek) => ({ lease: { ...lease(to), id: lease(from).id } }),
    iv: (from: Edek, to: Edek) => ({ lease: { ...lease(to), iv: lease(from).iv } }),
    "wrapped lease": (from: Edek, to: Edek) => ({
      lease: { ...lease(to), wrappedKey: lease(from).wrappedKey },
    }),
    "id and wrapped lease": (from: Edek, to: Edek) => ({
      lease: { ...lease(from), iv: lease(to).iv },
    }),
    "whole lease": (from: Edek) => ({ lease: from.lease }),
  } satisfies Record<string, (from: Edek, to: Edek) => Partial<Edek>>;

  it.for(Object.entries(PARTS))("never open, whichever two: %s", async ([, exchange]) => {
    const { service, made } = await eightEdeks();
    let exchanged = 0;
    for (const from of made) {
      for (const to of made) {
        const [source, target] = [decodeEdek(from.edek), decodeEdek(to.edek)];
        const swapped = encodeEdek({ ...target, ...exchange(source, target) });
        if (swapped.equals(to.edek) || swapped.equals(from.edek)) continue;
        exchanged += 1;

        expect([202, 203, 205]).toContain(await unwrap(service, to.tenant, swapped));
      }
    }
    // Exchanging the configuration alone changes nothing here: all are of configuration 1.
    expect(exchanged > 0).toBe(exchange !== PARTS.kmsConfigId);
  });

  it("never open the lease itself as if it were a key", async () => {
    const { service, made } = await eightEdeks();

    for (const { tenant, edek } of made) {
      const { wrappedKey } = lease(decodeEdek(edek));
      expect(await unwrap(service, tenant, wrappedKey)).toBe(203);
    }
  });

  it("never open a bound lease with the original's initialization vector", async () => {
    const { service, made } = await eightEdeks();

    for (const { tenant, edek } of made) {
      const decoded = decodeEdek(edek);
      const iv = lease(decoded).iv.subarray(-12);
      const changed = encodeEdek({ ...decoded, lease: { ...lease(decoded), iv } });
      expect(await unwrap(service, tenant, changed)).toBe(203);
    }
  });

  it("never open under a wrapped lease that names another configuration", async () => {
    const { service, made } = await eightEdeks();

    for (const { tenant, edek } of made) {
      const decoded = decodeEdek(edek);
      const inner = decodeWrappedKey(lease(decoded).wrappedKey);
      const wrappedKey = encodeEdek({ ...inner, kmsConfigId: 2 });
      const changed = encodeEdek({ ...decoded, lease: { ...lease(decoded), wrappedKey } });
      expect(await unwrap(service, tenant, changed)).toBe(203);
    }
  });
});

describe("an EDEK of the original that names a wrong configuration outside", () => {
  it("opens with the configuration inside, from memory and from the KMS", async () => {
    const { world, dek, edek } = await mismatched(TENANTS);
    const other = buildWorld({ tenants: TENANTS, driver: localDriver });

    expect(await unwrap(world.service, "leased", edek)).toEqual(dek);
    expect(await unwrap(other.service, "leased", edek)).toEqual(dek);
  });

  it.for([
    [202, "disabled", [{ id: 1, active: false }, { id: 2 }]],
    [203, "not assigned", [{ id: 2 }]],
  ] as const)("is %d when the one inside is %s", async ([code, , assignments]) => {
    const { world, edek } = await mismatched({ leased: { assignments } });

    expect(await unwrap(world.service, "leased", edek)).toBe(code);
  });

  it.for([
    [
      202,
      "disabled",
      [
        { id: 1, leased: true },
        { id: 2, active: false },
      ],
    ],
    [203, "not assigned", [{ id: 1, leased: true }]],
  ] as const)("is %d when the one outside is %s", async ([code, , assignments]) => {
    const { world, edek } = await mismatched({ leased: { assignments } });

    expect(await unwrap(world.service, "leased", edek)).toBe(code);
  });
});

/** Two leases of one tenant, one of another tenant, and the other cipher. */
async function eightEdeks() {
  const first = buildWorld({ tenants: TENANTS, driver: localDriver });
  const second = buildWorld({
    tenants: TENANTS,
    driver: localDriver,
    keys: { leaseCipher: "aes-256-gcm" },
  });
  const made = [];
  for (const { service } of [first, second]) {
    for (const tenant of ["leased", "leased", "thief", "thief"]) {
      made.push({ tenant, ...(await service.wrap(call(tenant))) });
    }
  }
  return { service: first.service, made };
}

async function mismatched(tenants: WorldOptions["tenants"]) {
  const world = buildWorld({ tenants: TENANTS, driver: localDriver, keys: { binding: "none" } });
  const { dek, edek } = await world.service.wrap(call("leased"));
  world.setTenants(tenants);
  return { world, dek, edek: encodeEdek({ ...decodeEdek(edek), kmsConfigId: 2 }) };
}

/** The DEK, or the code of the refusal. */
async function unwrap(
  service: World["service"],
  tenant: string,
  edek: Buffer,
): Promise<Buffer | number> {
  try {
    return await service.unwrap(call(tenant), edek.toString("base64"));
  } catch (error) {
    if (error instanceof ProxyError) return STATUS[error.status];
    throw error;
  }
}

function lease(edek: Edek): EdekLease {
  if (edek.lease === undefined) throw new Error("this EDEK is not leased");
  return edek.lease;
}
