import { onTestFinished, vi } from "vitest";
import { EventQueue, type EventQueueOptions } from "../src/index.ts";
import { FakeSender } from "./fake-sender.ts";

export const HOUR_MS = 3_600_000;

/** A queue in front of a fake sender, which takes everything at once or nothing. */
export function create(
  options: EventQueueOptions = {},
  open = true,
): { readonly queue: EventQueue; readonly sender: FakeSender } {
  const sender = new FakeSender(open);
  const queue = new EventQueue(sender, options);
  onTestFinished(() => queue.close(0));
  return { queue, sender };
}

/** From now on the clock that the queue looks at is so much ahead. */
export function passTime(ms: number): void {
  const now = performance.now.bind(performance);
  vi.spyOn(performance, "now").mockImplementation(() => now() + ms);
  onTestFinished(() => void vi.restoreAllMocks());
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
