import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SnapshotRefresher } from "../../src/tenants/refresher.ts";
import type { Snapshot } from "../../src/tenants/source.ts";
import { snapshot } from "./fake-source.ts";
import { ManualClock, settled } from "./helpers.ts";

const INTERVAL = 1_000;
const MAX_AGE = 5_000;

type Event =
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "change" }
  | { readonly kind: "break" }
  | { readonly kind: "repair" }
  | { readonly kind: "edit" };

const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 3_000 }) }),
  fc.record({ kind: fc.constantFrom("change", "break", "repair", "edit") }),
);

/** What a refresher has to look like after the same events, said as simply as possible. */
interface Model {
  serving: Snapshot;
  lastSuccess: number;
  failures: number;
  successes: number;
}

describe("whatever happens to a source", () => {
  it("the last good snapshot serves until it is too old, and every load is told", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 25 }), async (events) => {
        const world = await start();
        for (const each of events) {
          await apply(world, each);
          const { refresher, clock, model, told } = world;
          const age = clock.now() - model.lastSuccess;
          expect(refresher.ready).toBe(age < MAX_AGE);
          expect(outcome(() => refresher.current())).toBe(
            age < MAX_AGE ? model.serving : "UNKNOWN_ERROR",
          );
          expect([told.failures, told.successes]).toEqual([model.failures, model.successes]);
        }
        await world.refresher.close();
        expect(world.clock.waiting).toEqual([]);
      }),
    );
  });
});

type World = Awaited<ReturnType<typeof start>>;

async function start() {
  const clock = new ManualClock();
  const told = { failures: 0, successes: 0 };
  const source = { snapshot: snapshot(), broken: false, changed: () => {} };
  const model: Model = {
    serving: source.snapshot,
    lastSuccess: clock.now(),
    failures: 0,
    successes: 0,
  };
  const refresher = new SnapshotRefresher({
    clock,
    intervalMs: INTERVAL,
    maxAgeMs: MAX_AGE,
    onRefresh: () => (told.successes += 1),
    onFailure: () => (told.failures += 1),
    source: {
      async load() {
        // The model is told of every load, so that it need not know when timers fire.
        if (source.broken) model.failures += 1;
        else {
          model.successes += 1;
          model.serving = source.snapshot;
          model.lastSuccess = clock.now();
        }
        if (source.broken) throw new Error("broken");
        return source.snapshot;
      },
      watch(changed) {
        source.changed = changed;
        return () => {};
      },
    },
  });
  await refresher.start();
  return { refresher, clock, told, source, model };
}

async function apply({ clock, source }: World, each: Event): Promise<void> {
  if (each.kind === "pass") await clock.pass(each.ms);
  if (each.kind === "break") source.broken = true;
  if (each.kind === "repair") source.broken = false;
  if (each.kind === "edit") source.snapshot = snapshot();
  if (each.kind === "change") source.changed();
  await settled();
}

function outcome(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error instanceof Error && "status" in error ? error.status : error;
  }
}
