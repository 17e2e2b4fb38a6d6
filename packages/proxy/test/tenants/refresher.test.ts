import { describe, expect, it, onTestFinished } from "vitest";
import {
  type Refresh,
  type RefresherOptions,
  SnapshotRefresher,
} from "../../src/tenants/refresher.ts";
import { systemClock } from "../../src/tenants/refresh-clock.ts";
import { FakeSource, snapshot } from "./fake-source.ts";
import { ManualClock, settled } from "./helpers.ts";

const INTERVAL = 600_000;
const MAX_AGE = 86_400_000;

describe("the first load", () => {
  it("gives the snapshot and tells when it was read", async () => {
    const { refresher, source, refreshes, readiness, clock } = subject();

    const snapshot = await refresher.start();

    expect(snapshot).toBe(source.snapshot);
    expect(refresher.current()).toBe(snapshot);
    expect(refresher.ready).toBe(true);
    expect(refreshes).toEqual([{ snapshot, changed: true, at: clock.now() }]);
    expect(readiness).toEqual([true]);
  });

  it("rejects with the source's error and leaves nothing behind", async () => {
    const { refresher, source, failures, clock } = subject();
    source.error = new Error("bad file");

    await expect(refresher.start()).rejects.toBe(source.error);

    expect(refresher.ready).toBe(false);
    expect(failures).toEqual([]);
    expect(clock.waiting).toEqual([]);
    expect(source.watchers).toBe(0);
  });

  it("has to come before any request", () => {
    const { refresher } = subject();
    expect(() => refresher.current()).toThrow("has not been loaded yet");
  });

  it("is followed by another one when the source changed meanwhile", async () => {
    const { refresher, source } = subject();
    const open = source.block();
    const started = refresher.start();
    source.change();
    open();
    await started;
    await settled();

    expect(source.loads).toBe(2);
  });

  it("gives up when the proxy is stopped meanwhile", async () => {
    const { refresher, source, clock } = subject();
    source.block();
    const started = refresher.start();
    await refresher.close();

    await expect(started).rejects.toThrow("stopping");
    expect(clock.waiting).toEqual([]);
    expect(source.watchers).toBe(0);
  });
});

describe("refreshing", () => {
  it.for([
    [0, 0.9],
    [0.5, 1],
    [0.999, 1.0998],
  ] as const)("comes after the interval, moved by chance %d", async ([chance, factor]) => {
    const { refresher, clock } = subject();
    clock.chance = chance;

    await refresher.start();

    expect(clock.waiting[0]).toBeCloseTo(INTERVAL * factor);
  });

  it("goes on for ever", async () => {
    const { refresher, source, clock } = subject();
    await refresher.start();

    for (let round = 1; round <= 5; round += 1) {
      await clock.pass(INTERVAL);
      expect(source.loads).toBe(1 + round);
    }
  });

  it("tells of every success, and whether anything changed", async () => {
    const { refresher, source, refreshes, clock } = subject();
    await refresher.start();
    await clock.pass(INTERVAL);
    source.snapshot = snapshot();
    await clock.pass(INTERVAL);

    expect(refreshes.map(({ changed }) => changed)).toEqual([true, false, true]);
    expect(refreshes.at(-1)?.snapshot).toBe(source.snapshot);
    expect(refresher.current()).toBe(source.snapshot);
  });

  it("happens at once when the source says that it changed", async () => {
    const { refresher, source, clock } = subject();
    await refresher.start();
    source.snapshot = snapshot();

    source.change();
    await settled();

    expect(refresher.current()).toBe(source.snapshot);
    expect(clock.waiting).toEqual([INTERVAL, MAX_AGE]);
  });

  it("loads once at a time, and once more for what changed meanwhile", async () => {
    const { refresher, source } = subject();
    await refresher.start();
    const open = source.block();

    for (let change = 0; change < 10; change += 1) source.change();
    await settled();
    expect([source.loads, source.mostAtOnce]).toEqual([2, 1]);

    open();
    await settled();
    expect([source.loads, source.mostAtOnce]).toEqual([3, 1]);
  });

  it("can be awaited", async () => {
    const { refresher, source } = subject();
    await refresher.start();
    source.snapshot = snapshot();

    await refresher.refresh();

    expect(refresher.current()).toBe(source.snapshot);
  });
});

describe("a failed refresh", () => {
  it("keeps the last good snapshot and is counted", async () => {
    const { refresher, source, failures, clock } = subject();
    const good = await refresher.start();
    source.error = new Error("half a file");

    await clock.pass(INTERVAL);
    await clock.pass(INTERVAL);

    expect(refresher.current()).toBe(good);
    expect(refresher.ready).toBe(true);
    expect(failures).toEqual([source.error, source.error]);
  });

  it("ends service when the snapshot becomes too old, with the reason for the log", async () => {
    const { refresher, source, readiness, clock } = subject();
    await refresher.start();
    source.error = new Error("config.yaml:3:1 version: expected 1\nmore");

    await clock.pass(MAX_AGE - 1);
    expect(refresher.ready).toBe(true);
    await clock.pass(1);

    expect(refresher.ready).toBe(false);
    expect(readiness).toEqual([true, false]);
    const message =
      "The configuration could not be refreshed for 86400 seconds and is too old to be used";
    expect(errorOf(() => refresher.current())).toMatchObject({
      status: "UNKNOWN_ERROR",
      message,
      fullMessage: `${message}: config.yaml:3:1 version: expected 1`,
    });
  });

  it("counts the age from the last success", async () => {
    const { refresher, source, clock } = subject();
    await refresher.start();
    await clock.pass(INTERVAL);
    source.error = new Error("gone");
    await clock.pass(MAX_AGE - 1);

    expect(refresher.ready).toBe(true);
    await clock.pass(1);
    expect(refresher.ready).toBe(false);
  });

  it("is forgotten as soon as a refresh succeeds", async () => {
    const { refresher, source, readiness, clock } = subject();
    const good = await refresher.start();
    source.error = new Error("gone");
    await clock.pass(MAX_AGE);
    source.error = undefined;

    await refresher.refresh();

    expect(refresher.current()).toBe(good);
    expect(readiness).toEqual([true, false, true]);
  });

  it("is also a load that takes too long", async () => {
    const { refresher, source, failures } = subject({ loadTimeoutMs: 20 });
    await refresher.start();
    source.block();

    await refresher.refresh();

    expect(failures).toEqual([expect.objectContaining({ name: "TimeoutError" })]);
    expect(source.signals.at(-1)?.aborted).toBe(true);
  });

  it("of a listener does not end the loop", async () => {
    const errors: unknown[] = [];
    const broken = new Error("listener");
    const { refresher, source, clock } = subject({
      onRefresh: () => {
        throw broken;
      },
      onFailure: (error) => {
        errors.push(error);
        throw error;
      },
    });

    await refresher.start();
    await clock.pass(INTERVAL);

    expect(source.loads).toBe(2);
    expect(errors).toEqual([broken, broken]);
  });
});

describe("closing", () => {
  it("ends the loop and the watching, and keeps the snapshot for running requests", async () => {
    const { refresher, source, clock } = subject();
    const good = await refresher.start();

    await refresher.close();
    await refresher.refresh();

    expect(clock.waiting).toEqual([]);
    expect(source.watchers).toBe(0);
    expect(source.loads).toBe(1);
    expect(refresher.current()).toBe(good);
  });

  it("does not wait for a source that hangs", async () => {
    const { refresher, source, failures } = subject();
    await refresher.start();
    source.block();
    const refreshed = refresher.refresh();

    await refresher.close();
    await refreshed;

    expect(source.signals.at(-1)?.aborted).toBe(true);
    expect(failures).toEqual([]);
  });
});

describe("the system's clock", () => {
  it("calls back once, unless it is told not to", async () => {
    const called: string[] = [];
    systemClock.after(1, () => called.push("late"))();
    await new Promise<void>((resolve) => {
      systemClock.after(5, () => resolve(void called.push("kept")));
    });

    expect(called).toEqual(["kept"]);
    expect(systemClock.now()).toBeGreaterThan(1_600_000_000_000);
    expect(systemClock.random()).toBeLessThan(1);
  });
});

function subject(options: Partial<RefresherOptions> = {}) {
  const source = new FakeSource();
  const clock = new ManualClock();
  const refreshes: Refresh[] = [];
  const failures: unknown[] = [];
  const readiness: boolean[] = [];
  const refresher = new SnapshotRefresher({
    source,
    clock,
    onRefresh: (refresh) => refreshes.push(refresh),
    onFailure: (error) => failures.push(error),
    onReady: (ready) => readiness.push(ready),
    ...options,
  });
  onTestFinished(() => refresher.close());
  return { refresher, source, clock, refreshes, failures, readiness };
}

function errorOf(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}
