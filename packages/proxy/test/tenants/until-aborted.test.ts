import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { untilAborted } from "../../src/tenants/until-aborted.ts";

const REASON = new Error("enough");

describe("work that may be given up", () => {
  it("gives its own outcome when nobody gives up", async () => {
    const { signal } = new AbortController();
    await expect(untilAborted(Promise.resolve(7), signal)).resolves.toBe(7);
    await expect(untilAborted(Promise.reject(REASON), signal)).rejects.toBe(REASON);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("is given up as soon as the signal fires, however long it takes", async () => {
    const controller = new AbortController();
    const given = untilAborted(new Promise(() => {}), controller.signal);
    controller.abort(REASON);
    await expect(given).rejects.toBe(REASON);
  });

  it("is given up at once when the signal fired before", async () => {
    await expect(untilAborted(new Promise(() => {}), AbortSignal.abort(REASON))).rejects.toBe(
      REASON,
    );
  });

  it("may fail later without anybody noticing", async () => {
    const controller = new AbortController();
    const { promise, reject } = Promise.withResolvers<never>();
    const given = untilAborted(promise, controller.signal);
    controller.abort(REASON);
    await expect(given).rejects.toBe(REASON);

    reject(new Error("too late"));
    await new Promise((resolve) => setImmediate(resolve));
  });
});
