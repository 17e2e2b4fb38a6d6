import type { Row } from "./row.ts";

const HEAD = ["row", "value", "unit", "reference", "ratio", "CPU ratio"] as const;

/** The rows as one table, numbers to the right. */
export function table(rows: readonly Row[]): string {
  const lines = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  return lines
    .map((line) => line.map((cell, column) => align(cell, widths[column] ?? 0, column)).join("  "))
    .join("\n");
}

function cells({ row, value, unit, reference, ratio, cpuRatio }: Row): readonly string[] {
  return [
    row,
    number(value),
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
