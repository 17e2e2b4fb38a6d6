import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProxyError } from "../../src/errors.ts";
import { STATUS } from "../../src/status.ts";
import { configurationFor, hasPrimary, primaryOf, tenantOf } from "../../src/tenants/select.ts";
import type { Assignment, Tenant } from "../../src/tenants/tenant.ts";
import { configuration } from "./helpers.ts";

const IDS = [1, 2, 3, 4, 5];

interface Drawn {
  readonly id: number;
  readonly active: boolean;
  readonly usable: boolean;
  readonly leasingAllowed: boolean;
}

/** Tenants as a source may yield them: no configuration twice, at most one primary. */
const anyTenant: fc.Arbitrary<Tenant> = fc
  .record({
    drawn: fc.uniqueArray(
      fc.record({
        id: fc.constantFrom(...IDS),
        active: fc.boolean(),
        usable: fc.boolean(),
        leasingAllowed: fc.boolean(),
      }),
      { selector: ({ id }) => id },
    ),
    primaryId: fc.constantFrom(0, ...IDS),
    keyLeasingRequired: fc.boolean(),
  })
  .map(({ drawn, primaryId, keyLeasingRequired }) => ({
    id: "acme",
    keyLeasingRequired,
    assignments: drawn.map((one) => assignment(one, one.id === primaryId)),
  }));

describe("for any tenant", () => {
  it("a request is answered 201 exactly when nothing is active", () => {
    fc.assert(
      fc.property(anyTenant, (tenant) => {
        const active = tenant.assignments.some((each) => each.active);
        expect(codeOf(() => tenantOf(snapshot(tenant), "acme"))).toBe(active ? 0 : 201);
      }),
    );
  });

  it("wrapping takes the active primary, or says why there is none to take", () => {
    fc.assert(
      fc.property(anyTenant, (tenant) => {
        const primary = tenant.assignments.find((each) => each.active && each.primary);
        expect(hasPrimary(tenant)).toBe(primary !== undefined);
        expect(codeOf(() => primaryOf(tenant))).toBe(expectedWrap(tenant, primary));
      }),
    );
  });

  it("unwrapping takes the active one with the id, or says why it may not", () => {
    fc.assert(
      fc.property(anyTenant, fc.constantFrom(...IDS), (tenant, id) => {
        const assigned = tenant.assignments.find((each) => each.configuration.id === id);
        expect(codeOf(() => configurationFor(tenant, id))).toBe(expectedUnwrap(assigned));
      }),
    );
  });

  it("what it wraps with it can unwrap with", () => {
    fc.assert(
      fc.property(anyTenant, (tenant) => {
        fc.pre(codeOf(() => primaryOf(tenant)) === 0);
        const wrapping = primaryOf(tenant);
        expect(configurationFor(tenant, wrapping.id)).toBe(wrapping);
      }),
    );
  });
});

function expectedWrap(tenant: Tenant, primary: Assignment | undefined): number {
  if (!tenant.assignments.some((each) => each.active)) return 201;
  if (primary === undefined) return 200;
  if (!primary.configuration.usable) return 207;
  return tenant.keyLeasingRequired && !primary.configuration.leasingAllowed ? 207 : 0;
}

function expectedUnwrap(assigned: Assignment | undefined): number {
  if (assigned === undefined) return 203;
  if (!assigned.active) return 202;
  return assigned.configuration.usable ? 0 : 207;
}

function assignment({ id, active, usable, leasingAllowed }: Drawn, primary: boolean): Assignment {
  const unusable = { usable: false, id, reason: "it is broken" } as const;
  return { configuration: usable ? configuration(id, leasingAllowed) : unusable, active, primary };
}

function snapshot(tenant: Tenant) {
  return { tenants: new Map([[tenant.id, tenant]]), problems: [] };
}

/** The public code of what `action` throws; 0 when it does not. */
function codeOf(action: () => unknown): number {
  try {
    action();
    return 0;
  } catch (error) {
    if (error instanceof ProxyError) return STATUS[error.status];
    throw error;
  }
}
