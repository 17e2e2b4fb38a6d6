/** One line of the table, and one element of the JSON file. */
export interface Row {
  readonly row: string;
  /** Median over the rounds. */
  readonly value: number;
  readonly unit: string;
  /** Median of the reference, in the same unit; `null` where a row has none. */
  readonly reference: number | null;
  /** Median of the ratios of each round's own pair; `null` without a reference. */
  readonly ratio: number | null;
  /**
   * The reference's CPU time for the same work over the row's own: what the ratio would be on a
   * machine that nobody else uses. Only in the table.
   */
  readonly cpuRatio?: number | undefined;
  /** From the lowest to the highest round, as a part of the median. Only in the table. */
  readonly spread: number;
}

export interface RunOptions {
  /** Rounds of each row; a round measures every row once. */
  readonly rounds: number;
  /** Seconds of one measurement. */
  readonly seconds: number;
  /** CPU for what is measured, and CPU for what makes the load; undefined: not bound. */
  readonly cpus: { readonly server: number | undefined; readonly load: number | undefined };
  /** Rows that are asked for. */
  wanted(row: string): boolean;
}

/** Rows that are measured together, interleaved round by round. */
export interface Benchmark {
  readonly rows: readonly string[];
  /** Measures the wanted ones of `rows`. */
  run(options: RunOptions): Promise<readonly Row[]>;
}
