import type { Row } from "./row.ts";

export const HEAD = ["row", "value", "spread", "unit", "reference", "ratio", "CPU ratio"] as const;

/** The rows as one table, numbers to the right. */
export function table(rows: readonly Row[]): string {
  const lines = [HEAD, ...rows.map(cellsOf)];
  const widths = HEAD.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  return lines
    .map((line) => line.map((cell, column) => align(cell, widths[column] ?? 0, column)).join("  "))
    .join("\n");
}

/** One row as text, in the order of `HEAD`. */
export function cellsOf({
  row,
  value,
  spread,
  unit,
  reference,
  ratio,
  cpuRatio,
}: Row): readonly string[] {
  return [
    row,
    number(value),
    `${(100 * spread).toFixed(0)} %`,
    unit,
    reference === null ? "" : number(reference),
    ratio === null ? "" : ratio.toFixed(2),
    cpuRatio === undefined ? "" : cpuRatio.toFixed(2),
  ];
}

function number(value: number): string {
  const digits = Math.abs(value) < 100 ? 2 : 0;
  return value.toLocaleString("en", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

function align(cell: string, width: number, column: number): string {
  return HEAD[column] === "row" || HEAD[column] === "unit"
    ? cell.padEnd(width)
    : cell.padStart(width);
}
