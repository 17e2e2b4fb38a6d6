import { describe, expect, it } from "vitest";
import { partOfLimits } from "../../src/workers/part-of-limits.ts";
import { accepted } from "../config/helpers.ts";

describe("what several workers may do together", () => {
  it.for([
    [64, 256, 2],
    [65, 255, 2],
    [7, 3, 3],
    [64, 256, 8],
  ] as const)("is what one may do alone: %i calls, %i waiting, %i workers", (limits) => {
    const [concurrency, queueSize, workers] = limits;
    const parts = partsOf(concurrency, queueSize, workers);

    expect(sum(parts.map((kms) => kms.concurrency))).toBe(concurrency);
    expect(sum(parts.map((kms) => kms.queueSize))).toBe(queueSize);
  });

  it("is one call each where there are fewer than workers", () => {
    expect(partsOf(1, 0, 3).map((kms) => [kms.concurrency, kms.queueSize])).toEqual([
      [1, 0],
      [1, 0],
      [1, 0],
    ]);
  });
});

function partsOf(concurrency: number, queueSize: number, workers: number) {
  const settings = accepted({
    TSP_KMS_CONCURRENCY: String(concurrency),
    TSP_KMS_QUEUE_SIZE: String(queueSize),
  });
  return Array.from({ length: workers }, (_, slot) => partOfLimits(settings, slot, workers).kms);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
