import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SnapshotBuilder, type TenantRecord } from "../../src/tenants/snapshot.ts";
import type { Snapshot } from "../../src/tenants/source.ts";
import { configuration } from "./helpers.ts";

const IDS = [1, 2, 3];

const record: fc.Arbitrary<TenantRecord> = fc.record({
  id: fc.oneof(fc.constantFrom("a", "b", "c"), fc.string({ minLength: 1, maxLength: 3 })),
  keyLeasingRequired: fc.boolean(),
  configurations: fc.uniqueArray(
    fc.record({ id: fc.constantFrom(...IDS), active: fc.boolean(), primary: fc.boolean() }),
    { selector: ({ id }) => id },
  ),
});

const records = fc.uniqueArray(record, { selector: ({ id }) => id, maxLength: 6 });
/** Configurations that are others than before, by id. */
const renewed = fc.subarray(IDS);

describe("a snapshot that is built upon another one", () => {
  it("is equal to one that is built from nothing", () => {
    fc.assert(
      fc.property(records, records, renewed, (before, after, changed) => {
        const previous = build(before, configurations());
        const next = configurations(changed);
        expect(build(after, next, previous)).toEqual(build(after, next));
      }),
    );
  });

  it("shares exactly the tenants that did not change", () => {
    fc.assert(
      fc.property(records, records, renewed, (before, after, changed) => {
        const shared = configurations();
        const previous = build(before, shared);
        const next = build(after, configurations(changed, shared), previous);
        for (const now of after) {
          const then = before.find(({ id }) => id === now.id);
          const isSame =
            JSON.stringify(normal(then)) === JSON.stringify(normal(now)) &&
            !now.configurations.some(({ id }) => changed.includes(id));
          expect(next.tenants.get(now.id) === previous.tenants.get(now.id)).toBe(isSame);
        }
      }),
    );
  });
});

type Configurations = ReadonlyMap<number, ReturnType<typeof configuration>>;

/** Fresh objects for the ids in `changed`; those of `before`, if there are any, for the others. */
function configurations(changed: readonly number[] = [], before?: Configurations): Configurations {
  return new Map(
    IDS.map((id) => {
      const kept = changed.includes(id) ? undefined : before?.get(id);
      return [id, kept ?? configuration(id)];
    }),
  );
}

function build(
  tenants: readonly TenantRecord[],
  known: Configurations,
  previous?: Snapshot,
): Snapshot {
  const builder = new SnapshotBuilder(previous);
  for (const each of known.values()) builder.addConfiguration(each);
  for (const each of tenants) builder.addTenant(each);
  return builder.build([]);
}

/** A record as a snapshot understands it: who is not active is not primary. */
function normal(given: TenantRecord | undefined) {
  return given?.configurations
    .map(({ id, active, primary }): unknown => [id, active, active && primary])
    .concat(given.keyLeasingRequired);
}
