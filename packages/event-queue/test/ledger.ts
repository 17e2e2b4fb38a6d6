import { expect } from "vitest";
import type { EventQueue } from "../src/index.ts";

/** Fails unless every accepted event is accounted for, by number and by reason. */
export function expectExactLedger(queue: EventQueue): void {
  const { accepted, sent, dropped, droppedBy, held, capacity } = queue.stats();
  expect(sent + dropped + held).toBe(accepted);
  expect(Object.values(droppedBy).reduce((sum, count) => sum + count)).toBe(dropped);
  expect(held).toBeLessThanOrEqual(capacity);
}
