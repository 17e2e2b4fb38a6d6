import { describe, expect, it } from "vitest";
import { HealthState, type Probe } from "../../src/health/state.ts";

const PROBES: readonly Probe[] = ["live", "ready", "health"];

describe("the health of a process", () => {
  it.for([
    ["that starts", () => {}, [true, false, false]],
    ["that serves", (state: HealthState) => state.serve(), [true, true, true]],
    ["that drains", (state: HealthState) => state.drain(), [false, false, false]],
    [
      "whose configuration is too old",
      (state: HealthState) => {
        state.serve();
        state.stale("24 hours old");
      },
      [true, false, false],
    ],
    [
      "whose configuration is fresh again",
      (state: HealthState) => {
        state.serve();
        state.stale("24 hours old");
        state.stale(undefined);
      },
      [true, true, true],
    ],
    [
      "that drains before it serves",
      (state: HealthState) => {
        state.drain();
        state.serve();
      },
      [false, false, false],
    ],
    [
      "that drains with a configuration too old",
      (state: HealthState) => {
        state.serve();
        state.stale("24 hours old");
        state.drain();
      },
      [false, false, false],
    ],
  ] as const)("%s: live, ready, health", ([, change, expected]) => {
    const state = new HealthState();

    change(state);

    expect(PROBES.map((probe) => state.answer(probe).healthy)).toEqual(expected);
  });

  it("says why it is not ready", () => {
    const state = new HealthState();
    expect(state.answer("ready").body).toEqual({ status: "starting" });
    state.serve();
    expect(state.answer("ready").body).toEqual({ status: "serving" });
    state.stale("the configuration is 25 h old");
    expect(state.answer("ready").body).toEqual({
      status: "stale",
      reason: "the configuration is 25 h old",
    });
    expect(state.answer("live").body).toEqual({ status: "serving" });
    state.drain();
    expect(state.answer("ready").body).toEqual({ status: "draining" });
  });
});
