import { describe, expect, it, onTestFinished, vi } from "vitest";
import { encodeEdek } from "../../src/edek/codec.ts";
import { ProxyError } from "../../src/errors.ts";
import { LeaseMaker } from "../../src/keys/lease-maker.ts";
import { codeOf } from "./helpers/refusal-of.ts";
import { buildWorld, call, single, type World } from "./helpers/world.ts";

const LEASED = { acme: single(1, { leased: true }), other: single(2) };
const UNLEASED = { acme: single(1), other: single(2) };

describe.for([
  ["leased", LEASED],
  ["unleased", UNLEASED],
] as const)("a tenant that is %s", ([kind, tenants]) => {
  it("has one event and one count for each wrap and each unwrap", async () => {
    const world = buildWorld({ tenants });

    const edek = await wrapped(world);
    await world.service.unwrap(call("acme"), edek);

    expect(world.events.recorded).toEqual([
      ["DATA_ENCRYPT", "acme"],
      ["DATA_DECRYPT", "acme"],
    ]);
    const ofLease = kind === "leased" ? [["lease_wrap", 1] as const] : [];
    expect(world.counts).toEqual(new Map([...ofLease, ["wrap", 1], ["unwrap", 1]]));
  });

  it("has one event for each item of a batch", async () => {
    const world = buildWorld({ tenants });

    const keys = await world.service.batchWrap(call("acme"), ["a", "b", "c"]);
    await world.service.batchUnwrap(call("acme"), edeksOf(keys));

    expect(world.events.recorded.map(([name]) => name)).toEqual([
      ...Array.from({ length: 3 }, () => "DATA_ENCRYPT"),
      ...Array.from({ length: 3 }, () => "DATA_DECRYPT"),
    ]);
    expect(world.counts.get("wrap")).toBe(3);
    expect(world.counts.get("unwrap")).toBe(3);
  });

  it("is admitted before any key is made", async () => {
    const world = buildWorld({ tenants });
    const tooLarge = new ProxyError("INVALID_REQUEST_BODY", "too large", { http: 413 });
    vi.spyOn(world.events, "admit").mockImplementation(() => {
      throw tooLarge;
    });

    for (const attempt of everyOperation(world)) {
      expect(await codeOf(attempt)).toBe(102);
    }
    expect(world.vendor.calls).toEqual([]);
  });

  it("gets no key whose event finds no room, and counts none", async () => {
    const world = buildWorld({ tenants });
    const edek = await wrapped(world);
    const before = new Map(world.counts);
    world.events.room = 1;

    expect(await codeOf(() => world.service.wrap(call("acme")))).toBe(301);
    expect(await codeOf(() => world.service.unwrap(call("acme"), edek))).toBe(301);
    expect(await codeOf(() => world.service.rekey(call("acme"), edek, "other"))).toBe(301);
    expect(world.counts).toEqual(before);
  });

  it("gets those items of a batch whose events find room, and no others", async () => {
    const world = buildWorld({ tenants });
    world.events.room = 2;

    const keys = await world.service.batchWrap(call("acme"), ["a", "b", "c", "d"]);

    const refused = [...keys.values()].filter((key) => key instanceof ProxyError);
    expect(refused.map(({ status }) => status)).toEqual([
      "SECURITY_EVENT_REJECTED",
      "SECURITY_EVENT_REJECTED",
    ]);
    expect(world.events.recorded).toHaveLength(2);
  });
});

describe("a rekey", () => {
  it("is a decryption of the old tenant and an encryption of the new one", async () => {
    const world = buildWorld({ tenants: UNLEASED });
    const edek = await wrapped(world);

    await world.service.rekey(call("acme"), edek, "other");

    expect(world.events.recorded.slice(1)).toEqual([
      ["DATA_DECRYPT", "acme"],
      ["DATA_ENCRYPT", "other"],
    ]);
    expect(world.events.admitted).toEqual(["acme", "acme", "other"]);
    expect(world.counts).toEqual(
      new Map([
        ["wrap", 2],
        ["unwrap", 1],
      ]),
    );
  });

  it("that the new tenant's KMS refuses is that tenant's denial", async () => {
    const world = buildWorld({ tenants: UNLEASED });
    const edek = await wrapped(world);
    world.vendor.faults.set(2, "KMS_AUTH_FAILED");

    expect(await codeOf(() => world.service.rekey(call("acme"), edek, "other"))).toBe(206);
    expect(world.events.recorded.slice(1)).toEqual([
      ["DATA_DECRYPT", "acme"],
      ["DATA_DENY_ACCESS", "other"],
    ]);
  });
});

describe("a denial", () => {
  it.for([
    ["a disabled configuration", { acme: { assignments: [{ id: 1, active: false }, { id: 3 }] } }],
    ["a configuration that is not assigned", { acme: { assignments: [{ id: 3 }] } }],
    ["a configuration that cannot be used", { acme: single(1, { usable: false }) }],
  ] as const)("is %s", async ([, tenants]) => {
    const world = buildWorld({ tenants: UNLEASED });
    const edek = await wrapped(world);
    world.setTenants(tenants);

    await codeOf(() => world.service.unwrap(call("acme"), edek));

    expect(world.events.recorded.slice(1)).toEqual([["DATA_DENY_ACCESS", "acme"]]);
  });

  it.for(["KMS_AUTH_FAILED", "KMS_CONFIG_INVALID", "KMS_KEY_UNAVAILABLE"] as const)(
    "is a KMS that answers %s",
    async (fault) => {
      const world = buildWorld({ tenants: UNLEASED });
      const edek = await wrapped(world);
      world.vendor.faults.set(1, fault);

      await codeOf(() => world.service.wrap(call("acme")));
      await codeOf(() => world.service.unwrap(call("acme"), edek));

      expect(world.events.recorded.slice(1)).toEqual([
        ["DATA_DENY_ACCESS", "acme"],
        ["DATA_DENY_ACCESS", "acme"],
      ]);
    },
  );

  it.for([
    ["leased", true],
    ["unleased", false],
  ] as const)("is an EDEK of another tenant, %s", async ([, leased]) => {
    const shared = single(1, { leased });
    const world = buildWorld({ tenants: { acme: shared, thief: shared } });
    const edek = await wrapped(world);

    expect(await codeOf(() => world.service.unwrap(call("thief"), edek))).toBe(203);
    expect(world.events.recorded.slice(1)).toEqual([["DATA_DENY_ACCESS", "thief"]]);
  });

  it.for(["KMS_UNREACHABLE", "KMS_THROTTLED", "KMS_ACCOUNT_ISSUE", "KMS_UNKNOWN"] as const)(
    "is not a KMS that answers %s",
    async (fault) => {
      const world = buildWorld({ tenants: UNLEASED });
      world.vendor.faults.set(1, fault);

      await codeOf(() => world.service.wrap(call("acme")));

      expect(world.events.recorded).toEqual([]);
    },
  );

  it.for([
    ["garbage", "ZWRlaw=="],
    ["a ciphertext the KMS does not know", unknownCiphertext()],
  ] as const)("is not %s", async ([, edek]) => {
    const world = buildWorld({ tenants: UNLEASED });

    await codeOf(() => world.service.unwrap(call("acme"), edek));

    expect(world.events.recorded).toEqual([]);
  });

  it("is not an unknown tenant or one without a primary", async () => {
    const world = buildWorld({ tenants: { bare: { assignments: [{ id: 1 }] } } });

    await codeOf(() => world.service.wrap(call("nobody")));
    await codeOf(() => world.service.wrap(call("bare")));

    expect(world.events.recorded).toEqual([]);
  });
});

describe("a key that may not leave", () => {
  it.for([
    ["leased", LEASED],
    ["unleased", UNLEASED],
  ] as const)("is wiped: %s", async ([, tenants]) => {
    const world = buildWorld({ tenants });
    const seal = vi.spyOn(LeaseMaker.prototype, "seal");
    const kmsWrap = vi.spyOn(world.pool, "wrap");
    onTestFinished(() => void vi.restoreAllMocks());
    world.events.room = 0;

    expect(await codeOf(() => world.service.wrap(call("acme")))).toBe(301);

    const deks = [
      ...seal.mock.calls.map(([, dek]) => dek),
      ...kmsWrap.mock.calls.map(([, payload]) => payload),
    ];
    expect(deks.length).toBeGreaterThan(0);
    for (const dek of deks) expect(dek.every((byte) => byte === 0)).toBe(true);
  });

  it.for([
    ["leased", LEASED],
    ["unleased", UNLEASED],
  ] as const)("is wiped after an unwrap too: %s", async ([, tenants]) => {
    const world = buildWorld({ tenants });
    const edek = await wrapped(world);
    const allocate = vi.spyOn(Buffer, "allocUnsafe");
    const kmsUnwrap = vi.spyOn(world.pool, "unwrap");
    onTestFinished(() => void vi.restoreAllMocks());
    world.events.room = 1;

    expect(await codeOf(() => world.service.unwrap(call("acme"), edek))).toBe(301);

    const deks = [
      ...allocate.mock.results.map(({ value }) => value as Buffer),
      ...kmsUnwrap.mock.settledResults.map(({ value }) => value as Buffer),
    ].filter(({ length }) => length === 32 || length === 48);
    expect(deks.length).toBeGreaterThan(0);
    for (const dek of deks) expect(dek.subarray(0, 32)).toEqual(Buffer.alloc(32));
  });

  it("is wiped when it is the key of a lease that is now in locked memory", async () => {
    const first = buildWorld({ tenants: LEASED });
    const edek = await wrapped(first);
    const world = buildWorld({ tenants: LEASED, vendor: first.vendor });
    const kmsUnwrap = vi.spyOn(world.pool, "unwrap");
    onTestFinished(() => void vi.restoreAllMocks());

    await world.service.unwrap(call("acme"), edek);
    await world.service.recheck(world.snapshot());

    const payloads = kmsUnwrap.mock.settledResults.map(({ value }) => value as Buffer);
    expect(payloads).toEqual([Buffer.alloc(48), Buffer.alloc(48)]);
  });
});

function everyOperation({ service }: World): (() => unknown)[] {
  return [
    () => service.wrap(call("acme")),
    () => service.unwrap(call("acme"), "AAAA"),
    () => service.batchWrap(call("acme"), ["a"]),
    () => service.batchUnwrap(call("acme"), new Map([["a", "AAAA"]])),
    () => service.rekey(call("acme"), "AAAA", "other"),
    () =>
      service.derive(call("acme"), {
        derivationType: "sha512",
        secretType: "search",
        paths: new Map([["a", ["b"]]]),
      }),
  ];
}

async function wrapped({ service }: World): Promise<string> {
  return (await service.wrap(call("acme"))).edek.toString("base64");
}

function edeksOf(keys: Awaited<ReturnType<World["service"]["batchWrap"]>>): Map<string, string> {
  const edeks = new Map<string, string>();
  for (const [id, key] of keys) {
    if (!(key instanceof ProxyError)) edeks.set(id, key.edek.toString("base64"));
  }
  return edeks;
}

function unknownCiphertext(): string {
  const data = Buffer.concat([Buffer.from("FV"), Buffer.alloc(16, 1)]);
  return encodeEdek({ data, kmsConfigId: 1, lease: undefined }).toString("base64");
}
