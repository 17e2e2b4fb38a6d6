import type { Row } from "./row.ts";

export interface Sample {
  readonly value: number;
  /** The reference of the same round. */
  readonly reference?: number;
  /** CPU time of the reference for the same work, over the row's own. */
  readonly cpuRatio?: number | undefined;
}

/** The middle of the sorted values, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Medians of the rounds. The ratio is that of pairs, so that noise of the machine cancels out. */
export function rowOf(row: string, unit: string, samples: readonly Sample[]): Row {
  const pairs = samples.flatMap(({ value, reference }) =>
    reference === undefined ? [] : [{ value, reference }],
  );
  const paired = pairs.length > 0;
  const values = samples.map(({ value }) => value);
  const costs = samples.flatMap(({ cpuRatio }) => cpuRatio ?? []);
  return {
    row,
    value: median(values),
    unit,
    reference: paired ? median(pairs.map(({ reference }) => reference)) : null,
    ratio: paired ? median(pairs.map(({ value, reference }) => value / reference)) : null,
    spread: (Math.max(...values) - Math.min(...values)) / median(values),
    cpuRatio: costs.length > 0 ? median(costs) : undefined,
  };
}
