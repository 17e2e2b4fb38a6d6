import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Row } from "./row.ts";
import { cellsOf, HEAD } from "./table.ts";

/** The page, whose figures stand between two marks; the text around them is written by people. */
const PAGE = fileURLToPath(new URL("../../docs/performance.md", import.meta.url));
const BEGIN = "<!-- figures: npm run bench -- --write -->";
const END = "<!-- end of figures -->";

/** Puts the rows of a run, and the machine they are from, into `docs/performance.md`. */
export function writeReport(rows: readonly Row[], machine: string): void {
  const page = readFileSync(PAGE, "utf8");
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`${PAGE} has lost its marks`);
  const day = new Date().toISOString().slice(0, 10);
  const figures = [`${machine.replace("\n", "; ")}. Run on ${day}.`, "", ...markdown(rows)];
  writeFileSync(PAGE, `${before}${BEGIN}\n\n${figures.join("\n")}\n\n${END}${after}`);
}

function markdown(rows: readonly Row[]): readonly string[] {
  const rule = HEAD.map((name) => (name === "row" || name === "unit" ? "---" : "--:"));
  return [HEAD, rule, ...rows.map(cellsOf)].map((cells) => `| ${cells.join(" | ")} |`);
}
