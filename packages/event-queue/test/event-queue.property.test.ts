import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventQueue } from "../src/index.ts";
import { FakeSender } from "./fake-sender.ts";
import { expectExactLedger } from "./ledger.ts";

type Step =
  | { readonly do: "offer" | "tryOffer"; readonly size: number }
  | { readonly do: "miss" | "take" | "refuse" | "again" | "open" | "shut" | "turn" | "close" };

const sized = fc.record({
  do: fc.constantFrom("offer" as const, "tryOffer" as const),
  size: fc.nat(12),
});
const plain = fc.record({
  do: fc.constantFrom(
    ...(["miss", "take", "refuse", "again", "open", "shut", "turn", "close"] as const),
  ),
});
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof({ weight: 3, arbitrary: sized }, { weight: 2, arbitrary: plain }),
  { maxLength: 80 },
);

describe("the ledger", () => {
  it("is exact after every step of every story, and what was kept arrives in order", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (steps) => {
        const sender = new FakeSender(false);
        const queue = new EventQueue(sender, { capacity: 6, maxBytes: 40, maxEventBytes: 10 });
        const kept: string[] = [];
        for (const [index, step] of steps.entries()) {
          await act(step, index, queue, sender, kept);
          expectExactLedger(queue);
          expect(queue.stats().heldBytes).toBeLessThanOrEqual(40);
        }
        sender.open = true;
        sender.take();
        await queue.close(1_000);

        expectExactLedger(queue);
        expect(queue.stats().held).toBe(0);
        expect(sender.overlaps).toBe(0);
        expect(isSubsequence(sender.taken, kept)).toBe(true);
        expect(sender.taken).toHaveLength(queue.stats().sent);
        const lostInClose = kept.length - queue.stats().sent - queue.stats().droppedBy.SEND_FAILED;
        const closedEarly = steps.some((step) => step.do === "close");
        expect(lostInClose).toBeLessThanOrEqual(closedEarly ? queue.stats().droppedBy.CLOSED : 0);
      }),
      { numRuns: 300 },
    );
  }, 60_000);
});

async function act(
  step: Step,
  index: number,
  queue: EventQueue,
  sender: FakeSender,
  kept: string[],
): Promise<void> {
  switch (step.do) {
    case "offer":
    case "tryOffer": {
      const event = `${index}`.padEnd(step.size, "x");
      if (queue[step.do](event)) kept.push(event);
      break;
    }
    case "miss":
      queue.miss();
      break;
    case "take":
      sender.take();
      break;
    case "refuse":
      sender.refuse();
      break;
    case "again":
      sender.refuse("EAGAIN");
      break;
    case "open":
    case "shut":
      sender.open = step.do === "open";
      break;
    case "turn":
      void queue.flush(0);
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      break;
    case "close":
      await queue.close(0);
  }
}

function isSubsequence(part: readonly unknown[], whole: readonly unknown[]): boolean {
  let next = 0;
  for (const one of whole) if (one === part[next]) next += 1;
  return next === part.length;
}
