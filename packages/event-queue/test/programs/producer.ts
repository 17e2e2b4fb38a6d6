import { EventQueue } from "../../src/index.ts";

/**
 * Binds a queue, offers numbered events at once, closes and ends by itself; tells its parent the
 * endpoint before and the ledger after.
 *
 *   producer.ts <number of events> <ms until close gives up>
 */
const [count = "0", closeMs = "0"] = process.argv.slice(2);
const queue = await EventQueue.bind({ bind: "tcp://127.0.0.1:0", capacity: Number(count) });
process.send?.(queue.endpoint);
for (let sequence = 1; sequence <= Number(count); sequence += 1) {
  queue.offer(`${sequence} ${"x".repeat(300)}`);
}
await queue.close(Number(closeMs));
process.send?.(queue.stats());
process.disconnect?.();
