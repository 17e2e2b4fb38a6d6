import { describe, expect, it } from "vitest";
import { partOfLimits, shareLimits } from "../../src/workers/part-of-limits.ts";
import { accepted } from "../config/helpers.ts";

describe("what several workers may do together", () => {
  it.for([
    [64, 256, 2],
    [65, 255, 2],
    [12, 13, 3],
    [64, 256, 8],
  ] as const)("is what one may do alone: %i calls, %i waiting, %i workers", (limits) => {
    const [concurrency, queueSize, workers] = limits;
    const parts = partsOf(concurrency, queueSize, workers);

    expect(sum(parts.map((kms) => kms.concurrency))).toBe(concurrency);
    expect(sum(parts.map((kms) => kms.queueSize))).toBe(queueSize);
  });

  it.for([
    ["fewer calls than workers", 1, 1_000, 2],
    ["three calls for each", 6, 1_000, 2],
    ["few that may wait", 64, 3, 2],
    ["none that may wait", 64, 0, 2],
    ["the usual limits of very many workers", 64, 1_000, 17],
  ] as const)("is one limit for all of them with %s", ([, concurrency, queueSize, workers]) => {
    expect(shareLimits(settingsOf(concurrency, queueSize), workers)).toBe(true);

    expect(partsOf(concurrency, queueSize, workers)).toEqual(
      Array.from({ length: workers }, () => settingsOf(concurrency, queueSize).kms),
    );
  });

  it("is divided with the usual limits and four calls or more for each", () => {
    expect(shareLimits(accepted({}), 8)).toBe(false);
    expect(shareLimits(settingsOf(8, 8), 2)).toBe(false);
  });
});

function partsOf(concurrency: number, queueSize: number, workers: number) {
  const settings = settingsOf(concurrency, queueSize);
  return Array.from({ length: workers }, (_, slot) => partOfLimits(settings, slot, workers).kms);
}

function settingsOf(concurrency: number, queueSize: number) {
  return accepted({
    TSP_KMS_CONCURRENCY: String(concurrency),
    TSP_KMS_QUEUE_SIZE: String(queueSize),
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
