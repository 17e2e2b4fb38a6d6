import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { writeImage } from "../../../src/tenants/image/write-image.ts";
import type { TenantRecord } from "../../../src/tenants/records.ts";
import { record, snapshotFrom, unusable, usable } from "./helpers.ts";

const IDS = [1, 2, 3];
const CONFIGURATIONS = [usable(3), unusable(1), usable(2)];

// Few letters, so that ids share beginnings and lengths; and any text.
const tenantId = fc.oneof(
  fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 6 }),
  fc.string({ unit: "grapheme", maxLength: 4 }),
);

const tenant: fc.Arbitrary<TenantRecord> = fc.record({
  id: tenantId,
  keyLeasingRequired: fc.boolean(),
  configurations: fc.uniqueArray(
    fc.record({ id: fc.constantFrom(...IDS), active: fc.boolean(), primary: fc.boolean() }),
    { selector: ({ id }) => id },
  ),
});

const tenants = fc.uniqueArray(tenant, { selector: ({ id }) => id, maxLength: 60 });
const seed = fc.nat(2 ** 32 - 1);

describe("an image", () => {
  it("finds exactly the tenants that were written, each as it was", () => {
    fc.assert(
      fc.property(tenants, fc.array(tenantId), seed, (written, asked, chosen) => {
        const image = writeImage(
          { configurations: CONFIGURATIONS, tenants: written },
          { seed: chosen },
        );
        const snapshot = snapshotFrom(image);
        const known = new Map(written.map((each) => [each.id, each]));

        // Twice, because the second time there is an object.
        for (const id of [...known.keys(), ...asked, ...known.keys()]) {
          expect(shown(snapshot.tenants.get(id))).toEqual(shownRecord(known.get(id)));
        }
        expect([...snapshot.tenants.keys()]).toEqual([...known.keys()]);
      }),
    );
  });

  it("finds tenants that are more than it keeps objects for", () => {
    const ids = Array.from({ length: 40_000 }, (_, index) => `tenant-${index}`);
    const image = writeImage({ configurations: [], tenants: ids.map((id) => record(id, [])) });
    const snapshot = snapshotFrom(image);
    const missing = ids.filter((id) => snapshot.tenants.get(id)?.id !== id);

    expect(missing).toEqual([]);
    expect(ids.filter((id) => snapshot.tenants.get(`${id}x`) !== undefined)).toEqual([]);
  });
});

type Shown = ReturnType<typeof shown>;

function shown(found: ReturnType<ReturnType<typeof snapshotFrom>["tenants"]["get"]>) {
  return (
    found && {
      id: found.id,
      keyLeasingRequired: found.keyLeasingRequired,
      assignments: found.assignments.map(({ configuration: { id, usable: can }, ...rest }) => ({
        ...rest,
        id,
        can,
      })),
    }
  );
}

/** A record as a snapshot shows it: who is not active is not primary. */
function shownRecord(given: TenantRecord | undefined): Shown {
  return (
    given && {
      id: given.id,
      keyLeasingRequired: given.keyLeasingRequired,
      assignments: given.configurations.map(({ id, active, primary }) => ({
        active,
        primary: primary && active,
        id,
        can: id !== 1,
      })),
    }
  );
}
