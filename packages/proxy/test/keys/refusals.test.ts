import { describe, expect, it } from "vitest";
import type { KmsDriver, KmsErrorCode } from "@tenant-security/kms-adapters";
import { encodeEdek } from "../../src/edek/codec.ts";
import { ProxyError } from "../../src/errors.ts";
import { STATUS } from "../../src/status.ts";
import { codeOf, refusalOf } from "./helpers/refusal-of.ts";
import { buildWorld, call, single, type TenantSketches } from "./helpers/world.ts";

const unleased = { id: 1, primary: true };

/** Answers with far more than any key needs. */
const HUGE: KmsDriver = {
  name: "huge",
  wrap: () => Buffer.alloc(60_000, 1),
  unwrap: () => Buffer.alloc(32),
  fault: () => ({ code: "KMS_UNKNOWN" }),
};

/** A tenant as it was when its EDEK was made, and as it is when something is asked of it. */
const WRAPPING: readonly (readonly [string, number, TenantSketches])[] = [
  ["an unknown tenant", 201, {}],
  ["a tenant without configurations", 201, { acme: { assignments: [] } }],
  ["a tenant with nothing active", 201, { acme: { assignments: [{ id: 1, active: false }] } }],
  ["a tenant without a primary", 200, { acme: { assignments: [{ id: 1 }] } }],
  ["a primary that cannot be used", 207, { acme: single(1, { usable: false }) }],
  [
    "a tenant that requires leases from a primary that allows none",
    207,
    { acme: { ...single(1), keyLeasingRequired: true } },
  ],
];

const UNWRAPPING: readonly (readonly [string, number, TenantSketches])[] = [
  ["an unknown tenant", 201, {}],
  ["a tenant with nothing active", 201, { acme: { assignments: [{ id: 1, active: false }] } }],
  [
    "a configuration that is disabled",
    202,
    { acme: { assignments: [{ id: 1, active: false }, { id: 2 }] } },
  ],
  ["a configuration that is not assigned", 203, { acme: { assignments: [{ id: 2 }] } }],
  ["a configuration that cannot be used", 207, { acme: single(1, { usable: false }) }],
];

describe("wrap", () => {
  it.for(WRAPPING)("refuses %s with %d", async ([, code, tenants]) => {
    const { service } = buildWorld({ tenants });

    expect(await codeOf(() => service.wrap(call("acme")))).toBe(code);
    expect(await codeOf(() => service.batchWrap(call("acme"), ["a", "b"]))).toBe(code);
  });
});

describe.for([true, false])("unwrap of an EDEK, leased: %s,", (leased) => {
  it.for(UNWRAPPING)("refuses %s with %d", async ([, code, tenants]) => {
    const world = buildWorld({ tenants: { acme: single(1, { leased }) } });
    const edek = (await world.service.wrap(call("acme"))).edek.toString("base64");
    world.setTenants(tenants);

    expect(await codeOf(() => world.service.unwrap(call("acme"), edek))).toBe(code);
  });

  it("succeeds while its configuration is active and no longer primary", async () => {
    const world = buildWorld({ tenants: { acme: single(1, { leased }) } });
    const { dek, edek } = await world.service.wrap(call("acme"));
    world.setTenants({ acme: { assignments: [{ id: 1 }, { id: 2, primary: true }] } });

    expect(await world.service.unwrap(call("acme"), edek.toString("base64"))).toEqual(dek);
  });

  it("says that a foreign configuration is not assigned to the tenant", async () => {
    const world = buildWorld({ tenants: { acme: single(1, { leased }), other: single(2) } });
    const edek = (await world.service.wrap(call("acme"))).edek.toString("base64");

    const error = await refusalOf(() => world.service.unwrap(call("other"), edek));

    expect(error.message).toContain("is not assigned to tenant");
  });
});

describe("the order of checks", () => {
  const garbage = "ZWRlaw==";

  it("puts the tenant before the EDEK", async () => {
    const { service } = buildWorld({ tenants: { acme: single(1) } });

    expect(await codeOf(() => service.unwrap(call("nobody"), garbage))).toBe(201);
    expect(await codeOf(() => service.rekey(call("nobody"), garbage, "acme"))).toBe(201);
    expect(await codeOf(() => service.rekey(call("acme"), garbage, "nobody"))).toBe(201);
  });

  it("puts the EDEK before the configuration", async () => {
    const { service } = buildWorld({
      tenants: { acme: single(1), bare: { assignments: [{ id: 1 }] } },
    });

    expect(await codeOf(() => service.unwrap(call("acme"), garbage))).toBe(203);
    expect(await codeOf(() => service.rekey(call("acme"), garbage, "bare"))).toBe(203);
  });

  it("looks at how a leased EDEK is sealed before its configuration", async () => {
    const { service } = buildWorld({ tenants: { acme: single(1) } });
    const wrappedKey = encodeEdek({ data: Buffer.from("x"), kmsConfigId: 9, lease: undefined });
    const lease = { id: 1, iv: Buffer.alloc(16), wrappedKey };
    const sealed = encodeEdek({ data: Buffer.alloc(48), kmsConfigId: 9, lease });

    const error = await refusalOf(() => service.unwrap(call("acme"), sealed.toString("base64")));

    expect(error.message).toContain("no known cipher");
  });
});

describe("what a KMS answers", () => {
  const ANSWERS: readonly (readonly [KmsErrorCode, number, number])[] = [
    ["KMS_AUTH_FAILED", 206, 206],
    ["KMS_CONFIG_INVALID", 207, 207],
    ["KMS_KEY_UNAVAILABLE", 207, 207],
    ["KMS_UNREACHABLE", 208, 208],
    ["KMS_TIMEOUT", 208, 208],
    ["KMS_THROTTLED", 209, 209],
    ["KMS_ACCOUNT_ISSUE", 210, 210],
    ["KMS_RESPONSE_INVALID", 204, 205],
    ["KMS_CIPHERTEXT_INVALID", 204, 205],
    ["KMS_UNKNOWN", 204, 205],
  ];

  it.for(ANSWERS)(
    "%s is %d for a wrap and %d for an unwrap",
    async ([fault, wrapCode, unwrapCode]) => {
      const { service, vendor } = buildWorld({ tenants: { acme: { assignments: [unleased] } } });
      const edek = (await service.wrap(call("acme"))).edek.toString("base64");
      vendor.faults.set(1, fault);

      expect(await codeOf(() => service.wrap(call("acme")))).toBe(wrapCode);
      expect(await codeOf(() => service.unwrap(call("acme"), edek))).toBe(unwrapCode);
    },
  );

  it("is passed on with configuration, vendor, operation, the vendor's code and advice", async () => {
    const { service, vendor } = buildWorld({ tenants: { acme: single(534) } });
    vendor.faults.set(534, "KMS_AUTH_FAILED");

    const { message } = await refusalOf(() => service.wrap(call("acme")));

    expect(message).toContain("fake wrap failed (configuration 534): Code: Fake, KMS_AUTH_FAILED");
    expect(message).toContain("Check that the credentials");
  });

  it("carries the vendor's own words when an EDEK is not of its key", async () => {
    const { service } = buildWorld({ tenants: { acme: single(1) } });
    const edek = encodeEdek({ data: Buffer.from("FVsomething"), kmsConfigId: 1, lease: undefined });

    const error = await refusalOf(() => service.unwrap(call("acme"), edek.toString("base64")));

    expect(STATUS[error.status]).toBe(205);
    expect(error.message).toContain("Code: FakeInvalid");
  });

  it.for([0, 31, 33, 47, 49, 64])("is 205 when it is a key of %d bytes", async (length) => {
    const { service, vendor } = buildWorld({ tenants: { acme: single(1) } });
    const edek = (await service.wrap(call("acme"))).edek.toString("base64");
    for (const known of vendor.wrapped.values()) known.plaintext = Buffer.alloc(length, 1);

    expect(await codeOf(() => service.unwrap(call("acme"), edek))).toBe(205);
  });

  it("is 204 when its ciphertext is longer than any EDEK we would take back", async () => {
    const tenants = { acme: single(1, { leased: true }) };
    const { service } = buildWorld({ tenants, driver: async () => HUGE });

    expect(await codeOf(() => service.wrap(call("acme")))).toBe(204);
  });
});

describe("every refusal", () => {
  it("is a ProxyError, also for a snapshot that is too old", async () => {
    const world = buildWorld({ tenants: { acme: single(1) } });
    const stale = new ProxyError("UNKNOWN_ERROR", "too old");
    world.failTenants(stale);

    expect(await refusalOf(() => world.service.wrap(call("acme")))).toBe(stale);
    expect(world.service.kmsTypeOf("acme")).toBe("none");
  });
});

describe("the label of a tenant", () => {
  it.for([
    ["its primary's type", { acme: single(1) }, "LOCAL"],
    ["none for an unknown tenant", {}, "none"],
    ["none without a primary", { acme: { assignments: [{ id: 1 }] } }, "none"],
    ["none for a primary that cannot be used", { acme: single(1, { usable: false }) }, "none"],
  ] as const)("is %s", ([, tenants, label]) => {
    expect(buildWorld({ tenants }).service.kmsTypeOf("acme")).toBe(label);
  });
});
