import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CrashWatch } from "../../src/workers/crash-watch.ts";

const LONG_MS = 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watched() {
  const told: (string | undefined)[] = [];
  return { told, watch: new CrashWatch((reason) => told.push(reason)) };
}

describe("a worker that ends", () => {
  it("is replaced at once when it had served for a while", () => {
    const { told, watch } = watched();

    expect([1, 2, 3, 4].map(() => watch.crashed(0, "SIGKILL", LONG_MS))).toEqual([0, 0, 0, 0]);
    expect(told).toEqual([]);
  });

  it("is waited for longer and longer when it keeps ending, up to ten seconds", () => {
    const { watch } = watched();

    const delays = Array.from({ length: 9 }, () => watch.crashed(0, "exit code 70", 0));

    expect(delays).toEqual([0, 250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  });

  it("is trouble from the third time in a row on, with how it ended", () => {
    const { told, watch } = watched();
    watch.crashed(0, "SIGSEGV", 0);
    watch.crashed(0, "SIGSEGV", 100);
    expect(told).toEqual([]);

    watch.crashed(0, "SIGSEGV", 100);

    expect(told).toEqual([expect.stringContaining("SIGSEGV")]);
  });

  it("is no trouble any more once its successor has served for a while", () => {
    const { told, watch } = watched();
    for (let count = 0; count < 3; count += 1) watch.crashed(0, "SIGSEGV", 0);

    watch.serves(0);
    vi.advanceTimersByTime(LONG_MS);

    expect(told).toEqual([expect.any(String), undefined]);
  });

  it("stays trouble while one of several keeps ending", () => {
    const { told, watch } = watched();
    for (const slot of [0, 1]) {
      for (let count = 0; count < 3; count += 1) watch.crashed(slot, "SIGSEGV", 0);
    }

    watch.serves(0);
    vi.advanceTimersByTime(LONG_MS);

    expect(told).toEqual([expect.any(String), expect.any(String)]);
  });

  it("does not count what happened to other workers", () => {
    const { told, watch } = watched();

    for (const slot of [0, 1, 2, 3, 4]) watch.crashed(slot, "SIGKILL", 0);

    expect(told).toEqual([]);
  });
});
