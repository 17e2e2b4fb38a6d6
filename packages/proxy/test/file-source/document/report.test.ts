import { describe, expect, it } from "vitest";
import { formatFinding, Report } from "../../../src/file-source/document/report.ts";
import type { Path } from "../../../src/file-source/text/path.ts";

describe("a finding", () => {
  it.for([
    [{ line: 14, column: 7 }, ["tenants", 2, "id"], "c.yaml:14:7 tenants[2].id: expected text"],
    [undefined, ["tenants", 2, "id"], "c.yaml tenants[2].id: expected text"],
    [{ line: 1, column: 1 }, [], "c.yaml:1:1: expected text"],
    [undefined, [], "c.yaml: expected text"],
  ] as const)("at %j of %j reads %s", ([position, path, text]) => {
    expect(formatFinding("c.yaml", position, path, "expected text")).toBe(text);
  });
});

describe("findings", () => {
  it("are in the order of the file, whatever the order of finding", () => {
    const { mistakes } = new Report();
    for (const line of [30, 2, 11]) mistakes.add(["tenants", line], "bad");

    expect(mistakes.lines("c.yaml", placed)).toEqual([
      "c.yaml:2:1 tenants[2]: bad",
      "c.yaml:11:1 tenants[11]: bad",
      "c.yaml:30:1 tenants[30]: bad",
    ]);
  });

  it("in one line are ordered by column", () => {
    const { problems } = new Report();
    for (const name of ["ccc", "a", "bb"]) problems.add([name], "bad");
    const lines = problems.lines("c.yaml", (paths) =>
      paths.map(([name = ""]) => ({ line: 1, column: String(name).length })),
    );

    expect(lines.map((line) => line.split(" ")[1])).toEqual(["a:", "bb:", "ccc:"]);
  });

  it("stay in the order of finding when nobody knows where they are", () => {
    const { mistakes } = new Report();
    for (const name of ["b", "a"]) mistakes.add([name], "bad");
    expect(mistakes.lines("c.yaml", () => [])).toEqual(["c.yaml b: bad", "c.yaml a: bad"]);
  });

  it("that are none cost nobody a second look at the file", () => {
    const { mistakes, problems } = new Report();
    expect(mistakes.some).toBe(false);
    expect([...mistakes.lines("c.yaml", never), ...problems.lines("c.yaml", never)]).toEqual([]);
  });

  it("are kept up to a thousand", () => {
    const { mistakes } = new Report();
    for (let index = 0; index < 5_000; index += 1) mistakes.add(["tenants", index], "bad");
    const lines = mistakes.lines("c.yaml", placed);

    expect(lines).toHaveLength(1_001);
    expect(lines.at(-1)).toBe("c.yaml: and 4000 more");
  });
});

function never(): never {
  throw new Error("nobody asked");
}

function placed(paths: readonly Path[]) {
  return paths.map(([, index]) => ({ line: Number(index), column: 1 }));
}
