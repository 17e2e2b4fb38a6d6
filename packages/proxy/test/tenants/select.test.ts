import { describe, expect, it } from "vitest";
import { ProxyError } from "../../src/errors.ts";
import { STATUS } from "../../src/status.ts";
import { configurationFor, hasPrimary, primaryOf, tenantOf } from "../../src/tenants/select.ts";
import type { Assignment, Tenant } from "../../src/tenants/tenant.ts";
import { active, configuration, disabled, primary, tenant } from "./helpers.ts";

const UNUSABLE: Assignment = {
  configuration: { usable: false, id: 9, reason: "keyPath.keyName is missing" },
  active: true,
  primary: true,
};

describe("the tenant of a request", () => {
  it.for([
    ["a primary", [primary(1)]],
    ["only an active configuration", [active(1)]],
    ["one active among disabled ones", [disabled(1), active(2)]],
    ["an active configuration that cannot be used", [UNUSABLE]],
  ] as const)("is found when it has %s", ([, assignments]) => {
    const known = tenant(assignments);
    expect(tenantOf(snapshot(known), "acme")).toBe(known);
  });

  it.for([
    ["is not there", "other", [primary(1)]],
    ["has no configuration", "acme", []],
    ["has only disabled configurations", "acme", [disabled(1), disabled(2)]],
    ["has a primary that is disabled", "acme", [{ ...primary(1), active: false }]],
    ["is called as a member of every object", "__proto__", [primary(1)]],
    ["is called as a method of every object", "constructor", [primary(1)]],
  ] as const)("is unknown (201) when it %s", ([, id, assignments]) => {
    expect(refusal(() => tenantOf(snapshot(tenant(assignments)), id))).toEqual([
      201,
      expect.stringContaining("No configurations available for the provided tenant"),
    ]);
  });
});

describe("the configuration that wraps", () => {
  it.for([
    ["alone", [primary(1)]],
    ["among others", [active(2), primary(1), disabled(3)]],
  ] as const)("is the primary, %s", ([, assignments]) => {
    expect(primaryOf(tenant(assignments)).id).toBe(1);
    expect(hasPrimary(tenant(assignments))).toBe(true);
  });

  it.for([
    ["there is no primary", [active(1), disabled(2)], 200, "no primary KMS configuration"],
    ["the primary is disabled", [active(1), { ...primary(2), active: false }], 200, "no primary"],
    ["nothing is active", [disabled(1)], 201, "No configurations available for the provided"],
    ["there is nothing at all", [], 201, "No configurations available for the provided tenant"],
    ["the primary cannot be used", [UNUSABLE, active(1)], 207, "keyPath.keyName is missing"],
  ] as const)("is refused when %s", ([, assignments, code, text]) => {
    expect(refusal(() => primaryOf(tenant(assignments)))).toEqual([
      code,
      expect.stringContaining(text),
    ]);
  });

  it("must allow leasing when the tenant requires it", () => {
    const strict = { keyLeasingRequired: true };
    const leased = { ...primary(1), configuration: configuration(1, true) };

    expect(primaryOf(tenant([leased], strict)).id).toBe(1);
    expect(refusal(() => primaryOf(tenant([primary(1)], strict)))).toEqual([
      207,
      expect.stringContaining("requires key leasing"),
    ]);
  });
});

describe("the configuration that unwraps", () => {
  const assignments = [primary(1), active(2), disabled(3), UNUSABLE];

  it.for([1, 2])("is the active one with the id, primary or not: %i", (id) => {
    expect(configurationFor(tenant(assignments), id).id).toBe(id);
  });

  it.for([
    ["is disabled", 3, 202, "KMS configuration 3 of the provided EDEK is disabled"],
    ["cannot be used", 9, 207, "KMS configuration 9 cannot be used: keyPath.keyName is missing"],
    [
      "is another tenant's",
      4,
      203,
      'KMS configuration 4 of the provided EDEK is not assigned to tenant "acme"',
    ],
    ["has the id nobody has", 0, 203, "is not assigned to tenant"],
  ] as const)("is refused when it %s", ([, id, code, text]) => {
    expect(refusal(() => configurationFor(tenant(assignments), id))).toEqual([
      code,
      expect.stringContaining(text),
    ]);
  });

  it("does not depend on leasing being allowed", () => {
    const strict = tenant(assignments, { keyLeasingRequired: true });
    expect(configurationFor(strict, 2).id).toBe(2);
  });

  it("is refused in one short line, whatever the tenant is called", () => {
    const id = `two\nlines ${"x".repeat(5_000)}`;
    const [, message] = refusal(() => configurationFor(tenant([], { id }), 1));

    expect(message).not.toContain("\n");
    expect(message.length).toBeLessThan(250);
  });
});

function snapshot(...tenants: readonly Tenant[]) {
  return { tenants: new Map(tenants.map((each) => [each.id, each])), problems: [] };
}

/** Public code and message of what `action` throws. */
function refusal(action: () => unknown): readonly [number, string] {
  try {
    action();
  } catch (error) {
    if (error instanceof ProxyError) return [STATUS[error.status], error.message];
    throw error;
  }
  throw new TypeError("nothing was refused");
}
