import { describe, expect, it } from "vitest";
import { Pace } from "../src/pace.ts";

describe("long work in slices", () => {
  it("lets others have a turn, but not after every step", async () => {
    const { turns, steps } = await work(60, () => {});

    expect(turns).toBeGreaterThan(2);
    expect(steps).toBeGreaterThan(turns * 2);
  });

  it("takes a small part of the time while others are busy", async () => {
    const { workedMs, othersMs } = await work(200, () => busyFor(3));

    expect(othersMs).toBeGreaterThan(workedMs * 2);
  });

  it("lets all its strands wait for the same turn", async () => {
    const pace = new Pace();
    let first = pace.next();
    while (first === undefined) first = pace.next();

    expect(pace.next()).toBe(first);
    await first;
    expect(pace.next()).toBeUndefined();
  });
});

/** Works for `ms` while others do something in each turn of the event loop. */
async function work(ms: number, others: () => void) {
  let turns = 0;
  let othersMs = 0;
  let ended = false;
  const turn = (): void => {
    if (ended) return;
    turns += 1;
    const from = performance.now();
    others();
    othersMs += performance.now() - from;
    setImmediate(turn);
  };
  setImmediate(turn);
  const pace = new Pace();
  const from = performance.now();
  let steps = 0;
  while (performance.now() < from + ms) {
    steps += 1;
    const pause = pace.next();
    if (pause !== undefined) await pause;
  }
  ended = true;
  return { turns, steps, othersMs, workedMs: performance.now() - from - othersMs };
}

function busyFor(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}
