import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { code, table } from "../../src/config/markdown.ts";

describe("a Markdown table", () => {
  it("has its columns in line", () => {
    expect(
      table(
        ["Name", "A"],
        [
          ["x", "longer"],
          ["much longer", ""],
        ],
      ),
    ).toEqual([
      "| Name        | A      |",
      "| ----------- | ------ |",
      "| x           | longer |",
      "| much longer |        |",
    ]);
  });

  it("keeps bars inside a cell", () => {
    expect(table(["a|b"], [["`x|y`"]])).toEqual(["| a\\|b   |", "| ------ |", "| `x\\|y` |"]);
  });

  it("has as many cells in every row, whatever they hold", () => {
    const cell = fc.stringMatching(/^[ -~]{0,12}$/).filter((text) => !text.includes("\\"));
    const row = fc.tuple(cell, cell, cell);
    fc.assert(
      fc.property(row, fc.array(row), (head, rows) => {
        const lines = table(head, rows);
        expect(lines).toHaveLength(rows.length + 2);
        expect(new Set(lines.map((line) => line.length)).size).toBe(1);
        for (const line of lines) expect(line.split(/(?<!\\)\|/)).toHaveLength(5);
      }),
    );
  });

  it("writes code as code", () => {
    expect(code("TSP_X")).toBe("`TSP_X`");
  });
});
