import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LeaseRows, NO_ROW, WORD } from "../../src/keys/ready/lease-rows.ts";

/** Few ids and fewer places, so that rows come and go and share places. */
const step = fc.record({
  kind: fc.constantFrom("take", "drop"),
  id: fc.constantFrom("a", "b", "ab", "ba", "c", "tenant-1", "tenant-2"),
});

describe("whatever is taken and dropped", () => {
  it.for([
    ["all hashes are alike", () => 7],
    ["places are alike and hashes are not", (id: string) => id.charCodeAt(0) * 262_144],
    ["hashes are not alike", (id: string) => id.length * 31 + id.charCodeAt(id.length - 1)],
  ] as const)("each id has its own row, or none: %s", ([, hashOf]) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const rows = new LeaseRows();
        const known = new Map<string, number>();
        for (const [mark, { kind, id }] of steps.entries()) {
          if (kind === "take") take(rows, id, hashOf(id), mark);
          else drop(rows, id, hashOf(id));
          if (kind === "take") known.set(id, mark);
          else known.delete(id);

          expect(rows.size).toBe(known.size);
          for (const other of ["a", "b", "ab", "ba", "c", "tenant-1", "tenant-2"]) {
            expect(markOf(rows, other, hashOf(other))).toBe(known.get(other));
          }
        }
      }),
    );
  });
});

describe("many rows", () => {
  it("are apart from each other over several slabs, and their memory is used again", () => {
    const rows = new LeaseRows();
    const ids = Array.from({ length: 10_000 }, (_, index) => `tenant-${index}`);
    for (const [mark, id] of ids.entries()) take(rows, id, mark, mark);
    for (const [mark, id] of ids.entries()) expect(markOf(rows, id, mark)).toBe(mark);

    for (const [mark, id] of ids.entries()) drop(rows, id, mark);
    expect(rows.size).toBe(0);
    const again = ids.map((id, mark) => take(rows, id, mark, mark));

    expect(Math.max(...again)).toBeLessThan(10_000);
    expect(new Set(again).size).toBe(10_000);
  });
});

function take(rows: LeaseRows, id: string, hash: number, mark: number): number {
  const row = rows.take(id, hash);
  const { bytes, words } = rows.slabOf(row);
  words[rows.headOf(row) + WORD.leaseId] = mark;
  // Where the binding text has the id.
  bytes.write(id, rows.textOf(row) + 15);
  return row;
}

function drop(rows: LeaseRows, id: string, hash: number): void {
  const row = rows.find(id, hash);
  if (row !== NO_ROW) rows.drop(row);
}

function markOf(rows: LeaseRows, id: string, hash: number): number | undefined {
  const row = rows.find(id, hash);
  if (row === NO_ROW) return undefined;
  return rows.slabOf(row).words[rows.headOf(row) + WORD.leaseId];
}
