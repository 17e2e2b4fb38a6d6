import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { SharedFlight } from "../src/shared-flight.ts";

const { signal } = new AbortController();

describe("a flight", () => {
  it("is shared by all who come while it is under way, and no longer", async () => {
    const { flight, landings, runs } = pending();

    const both = [flight.join(signal), flight.start()];
    expect(flight.underWay).toBe(true);
    landings[0]?.resolve("first");
    expect(await Promise.all(both)).toEqual(["first", "first"]);

    expect(flight.underWay).toBe(false);
    const later = flight.join(signal);
    landings[1]?.resolve("second");
    expect(await later).toBe("second");
    expect(runs()).toBe(2);
  });

  it("fails for all, and the next one starts afresh", async () => {
    const { flight, landings } = pending();
    const both = Promise.allSettled([flight.join(signal), flight.join(signal)]);

    landings[0]?.reject(new RangeError("no"));

    expect(await both).toMatchObject([{ status: "rejected" }, { status: "rejected" }]);
    const later = flight.join(signal);
    landings[1]?.resolve("second");
    expect(await later).toBe("second");
  });

  it("goes on when one who waits gives up", async () => {
    const { flight, landings } = pending();
    const controller = new AbortController();
    const left = flight.join(controller.signal);
    const stayed = flight.join(signal);

    controller.abort(new RangeError("gone"));
    await expect(left).rejects.toThrow("gone");
    landings[0]?.resolve("first");

    expect(await stayed).toBe("first");
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("is not started for one who has given up already", async () => {
    const { flight, runs } = pending();

    await expect(flight.join(AbortSignal.abort(new RangeError("gone")))).rejects.toThrow("gone");

    expect(runs()).toBe(0);
  });
});

function pending() {
  const landings = [1, 2].map(() => Promise.withResolvers<string>());
  let runs = 0;
  const flight = new SharedFlight(async () => {
    runs += 1;
    return (await landings[runs - 1]?.promise) ?? "one run too many";
  });
  return { flight, landings, runs: () => runs };
}
