import { describe, expect, it } from "vitest";
import { SnapshotBuilder, type TenantRecord } from "../../src/tenants/snapshot.ts";
import type { Snapshot } from "../../src/tenants/source.ts";
import type { KmsConfiguration } from "../../src/tenants/tenant.ts";
import { configuration } from "./helpers.ts";

const ONE = configuration(1);
const TWO = configuration(2);

describe("a snapshot", () => {
  it("joins tenants with their configurations", () => {
    const { tenants, problems } = build([record("acme", [1, true, true], [2, false, false])]);

    expect(tenants.get("acme")).toEqual({
      id: "acme",
      keyLeasingRequired: false,
      assignments: [
        { configuration: ONE, active: true, primary: true },
        { configuration: TWO, active: false, primary: false },
      ],
    });
    expect(problems).toEqual(["a problem"]);
  });

  it("knows no primary that is not active", () => {
    const { tenants } = build([record("acme", [1, false, true])]);
    expect(tenants.get("acme")?.assignments[0]?.primary).toBe(false);
  });

  it("keeps tenants apart whatever they are called", () => {
    const ids = ["__proto__", "constructor", "0", "", "ä", "x".repeat(2_000)];
    const { tenants } = build(ids.map((id) => record(id, [1, true, true])));

    expect([...tenants.keys()]).toEqual(ids);
    expect(tenants.get("toString")).toBeUndefined();
  });

  it("refuses a tenant whose configuration is not there", () => {
    expect(() => build([record("acme", [3, true, true])])).toThrow("no KMS configuration 3");
  });

  it("is not changed by building the next one", () => {
    const first = build([record("acme", [1, true, true])]);
    const second = build([record("acme", [1, true, false])], first);

    expect(first.tenants.get("acme")?.assignments[0]?.primary).toBe(true);
    expect(second.tenants.get("acme")?.assignments[0]?.primary).toBe(false);
  });
});

describe("a tenant that did not change", () => {
  const before = build([record("acme", [1, true, true], [2, true, false])]);

  it("is the same object in the next snapshot", () => {
    const after = build([record("acme", [1, true, true], [2, true, false])], before);
    expect(after.tenants.get("acme")).toBe(before.tenants.get("acme"));
  });

  it.for([
    ["an assignment less", record("acme", [1, true, true])],
    ["another order", record("acme", [2, true, false], [1, true, true])],
    ["another primary", record("acme", [1, true, false], [2, true, true])],
    ["a disabled assignment", record("acme", [1, true, true], [2, false, false])],
    [
      "required leasing",
      { ...record("acme", [1, true, true], [2, true, false]), keyLeasingRequired: true },
    ],
  ] as const)("is another one with %s", ([, changed]) => {
    const after = build([changed], before);
    expect(after.tenants.get("acme")).not.toBe(before.tenants.get("acme"));
  });

  it("is another one when its configuration changed", () => {
    const same = record("acme", [1, true, true], [2, true, false]);
    const after = build([same], before, [configuration(1), TWO]);
    expect(after.tenants.get("acme")).not.toBe(before.tenants.get("acme"));
  });
});

function record(id: string, ...assigned: [number, boolean, boolean][]): TenantRecord {
  const configurations = assigned.map(([configurationId, active, primary]) => ({
    id: configurationId,
    active,
    primary,
  }));
  return { id, configurations, keyLeasingRequired: false };
}

function build(
  tenants: readonly TenantRecord[],
  previous?: Snapshot,
  configurations: readonly KmsConfiguration[] = [ONE, TWO],
): Snapshot {
  const builder = new SnapshotBuilder(previous);
  for (const each of configurations) builder.addConfiguration(each);
  for (const each of tenants) builder.addTenant(each);
  return builder.build(["a problem"]);
}
