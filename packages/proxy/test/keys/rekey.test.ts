import { describe, expect, it } from "vitest";
import { decodeEdek } from "../../src/edek/codec.ts";
import { codeOf } from "./helpers/refusal-of.ts";
import { buildWorld, call, single } from "./helpers/world.ts";

const KINDS = ["leased", "unleased"] as const;
const TENANTS = { leased: single(1, { leased: true }), unleased: single(2) };

describe.for(KINDS)("from a tenant that is %s", (from) => {
  it.for(KINDS)("to one that is %s: the key stays, the EDEK is the new tenant's", async (to) => {
    const { service } = buildWorld({ tenants: TENANTS });
    const old = await service.wrap(call(from));

    const rekeyed = await service.rekey(call(from), old.edek.toString("base64"), to);

    expect(rekeyed.dek).toEqual(old.dek);
    expect(decodeEdek(rekeyed.edek).kmsConfigId).toBe(to === "leased" ? 1 : 2);
    expect(decodeEdek(rekeyed.edek).lease !== undefined).toBe(to === "leased");
    expect(await service.unwrap(call(to), rekeyed.edek.toString("base64"))).toEqual(old.dek);
  });
});

describe("to the same tenant", () => {
  it("moves an EDEK to the tenant's present primary", async () => {
    const world = buildWorld({ tenants: { acme: single(1) } });
    const old = await world.service.wrap(call("acme"));
    world.setTenants({
      acme: { assignments: [{ id: 1 }, { id: 2, primary: true, leased: true }] },
    });

    const moved = await world.service.rekey(call("acme"), old.edek.toString("base64"), "acme");

    world.setTenants({
      acme: {
        assignments: [
          { id: 1, active: false },
          { id: 2, primary: true },
        ],
      },
    });
    expect(decodeEdek(moved.edek).kmsConfigId).toBe(2);
    expect(await world.service.unwrap(call("acme"), moved.edek.toString("base64"))).toEqual(
      old.dek,
    );
    expect(
      await codeOf(() => world.service.unwrap(call("acme"), old.edek.toString("base64"))),
    ).toBe(202);
  });
});

describe("without being allowed to wrap", () => {
  it("touches no key: the new tenant is looked at first", async () => {
    const world = buildWorld({ tenants: { acme: single(1), bare: { assignments: [{ id: 1 }] } } });
    const old = await world.service.wrap(call("acme"));

    const code = await codeOf(() =>
      world.service.rekey(call("acme"), old.edek.toString("base64"), "bare"),
    );

    expect(code).toBe(200);
    expect(world.vendor.count("unwrap")).toBe(0);
    expect(world.events.recorded).toEqual([["DATA_ENCRYPT", "acme"]]);
  });
});
