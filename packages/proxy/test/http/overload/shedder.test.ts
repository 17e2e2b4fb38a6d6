import { describe, expect, it } from "vitest";
import { Shedder } from "../../../src/http/overload/shedder.ts";

const TARGET_MS = 500;
const TICK_MS = 100;

const QUEUE = 1_025;

describe("a shedder", () => {
  it("refuses nothing while the event loop is on time", () => {
    const { shedder, tickAfter } = subject();
    tickAfter(TICK_MS, 20);

    expect([shedder.share, shedder.delayMs, refusedOf(shedder, 1_000)]).toEqual([0, 0, 0]);
  });

  it("takes a single late turn, however late, for what it is", () => {
    const { shedder, tickAfter } = subject();

    for (const lateMs of [2_000, 0, 5_000, 0]) tickAfter(TICK_MS + lateMs);

    expect([shedder.share, shedder.delayMs]).toEqual([0, 0]);
  });

  it("takes a queue of a thousand for ordinary use, however slow the machine is", () => {
    const { shedder, tickAfter } = subject();

    tickAfter(TICK_MS + 10 * TARGET_MS, 20, QUEUE - 1);

    expect([shedder.share, shedder.delayMs]).toEqual([0, 10 * TARGET_MS]);
  });

  it("refuses more and more while every turn is late, but never everything", () => {
    const { shedder, tickAfter } = subject();
    const shares: number[] = [];

    for (let turn = 0; turn < 20; turn += 1) {
      tickAfter(TICK_MS + 2 * TARGET_MS);
      shares.push(shedder.share);
    }

    expect(shares.slice(0, 3)).toEqual([0, 0.2, 0.4]);
    expect(shares.at(-1)).toBe(0.9);
    expect(shedder.delayMs).toBe(2 * TARGET_MS);
  });

  it("spends less than a tenth of its answers on refusals of small requests", () => {
    const { shedder, tickAfter } = subject();
    tickAfter(TICK_MS + 2 * TARGET_MS, 20);

    const refused = refusedOf(shedder, 10_000);

    expect(refused).toBeGreaterThan(10_000 / 13);
    expect(refused).toBeLessThan(10_000 / 10);
  });

  it("refuses batches freely, because each is work for many refusals", () => {
    const { shedder, tickAfter } = subject();
    tickAfter(TICK_MS + 2 * TARGET_MS, 20);

    expect(refusedOf(shedder, 10_000, "40000")).toBeGreaterThan(8_500);
  });

  it("refuses small ones more freely when everybody would wait for seconds", () => {
    const { shedder, tickAfter } = subject();
    tickAfter(TICK_MS + 12 * TARGET_MS, 20);

    expect(refusedOf(shedder, 10_000)).toBeGreaterThan(10_000 / 5);
  });

  it("has forgotten an overload less than a second after it ended", () => {
    const { shedder, tickAfter } = subject();
    tickAfter(TICK_MS + 2 * TARGET_MS, 20);

    tickAfter(TICK_MS, 9);

    expect([shedder.share, refusedOf(shedder, 1_000)]).toEqual([0, 0]);
  });

  it("has forgotten an overload as soon as hardly anybody comes any more", () => {
    const { shedder, tickAfter } = subject();
    tickAfter(TICK_MS + 2 * TARGET_MS, 20);

    tickAfter(TICK_MS, 1, 127);

    expect([shedder.share, refusedOf(shedder, 1_000)]).toEqual([0, 0]);
  });

  it("does not take a late turn with few requests for the end of an overload", () => {
    const { shedder, tickAfter } = subject();
    tickAfter(TICK_MS + 2 * TARGET_MS, 20);
    const { share } = shedder;

    tickAfter(TICK_MS + 2 * TARGET_MS, 1, 1);

    expect(shedder.share).toBe(share / 2);
  });

  it("refuses nothing when it is switched off", () => {
    const { shedder, tickAfter } = subject(0);
    tickAfter(60_000, 20);

    expect([shedder.share, refusedOf(shedder, 1_000)]).toEqual([0, 0]);
    expect(shedder.delayMs).toBeGreaterThan(50_000);
  });
});

function subject(targetMs = TARGET_MS) {
  let now = 0;
  const shedder = new Shedder(targetMs, () => now);
  const tickAfter = (ms: number, times = 1, queue = QUEUE): void => {
    for (let time = 0; time < times; time += 1) {
      refusedOf(shedder, queue);
      now += ms;
      shedder.tick();
    }
  };
  return { shedder, tickAfter };
}

function refusedOf(shedder: Shedder, requests: number, contentLength = "160"): number {
  let refused = 0;
  for (let request = 0; request < requests; request += 1) {
    if (shedder.refuses(contentLength)) refused += 1;
  }
  return refused;
}
