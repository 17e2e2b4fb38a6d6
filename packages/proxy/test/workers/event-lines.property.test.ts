import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventLines, missedLine } from "../../src/workers/event-lines.ts";

const event = fc.record({ tenantId: fc.string({ unit: "binary" }), n: fc.nat() });
const missed = fc.integer({ min: 1, max: 1_000_000 });

describe("the lines between a worker and the primary", () => {
  it("come out as they went in, however the pipe cuts them", () => {
    const line = fc.oneof(
      event.map((value) => JSON.stringify(value)),
      missed.map((count) => missedLine(count)),
    );
    fc.assert(
      fc.property(
        fc.array(line),
        fc.infiniteStream(fc.integer({ min: 1, max: 50 })),
        (all, cuts) => {
          const seen: string[] = [];
          const lines = new EventLines({
            event: (bytes) => seen.push(bytes.toString()),
            missed: (count) => seen.push(missedLine(count)),
          });

          for (const piece of cut(Buffer.from(all.map((text) => `${text}\n`).join("")), cuts)) {
            lines.append(piece);
          }

          expect(seen).toEqual(all);
        },
      ),
    );
  });
});

function* cut(bytes: Buffer, lengths: Iterator<number>): Generator<Buffer> {
  for (let at = 0; at < bytes.length;) {
    const end = at + Number(lengths.next().value);
    yield bytes.subarray(at, end);
    at = end;
  }
}
