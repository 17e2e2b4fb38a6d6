/** A Markdown table with its columns in line. Cells may hold any Markdown of one line. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const cells = [head, ...rows].map((row) => row.map(escaped));
  const widths = head.map((_, column) =>
    Math.max(3, ...cells.map((row) => (row[column] ?? "").length)),
  );
  const rule = widths.map((width) => "-".repeat(width));
  const [first = [], ...others] = cells;
  return [first, rule, ...others].map((row) => line(row, widths));
}

/** A text as code; backticks inside are no matter for what we write. */
export function code(text: string): string {
  return `\`${text}\``;
}

function line(row: readonly string[], widths: readonly number[]): string {
  return `| ${widths.map((width, column) => (row[column] ?? "").padEnd(width)).join(" | ")} |`;
}

function escaped(text: string): string {
  return text.replaceAll("|", String.raw`\|`);
}
