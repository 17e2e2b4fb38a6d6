import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { EventQueue } from "@tenant-security/event-queue";
import { eventText } from "./event-text.ts";

/**
 * What a queue does to its process. Prints the endpoint, waits for a reader, and prints what it saw.
 *
 *   event-health.ts heap    MiB of heap after the first and after the fifth million of events
 *   event-health.ts flush   ms for which the flush of 25,000 held events held up the event loop
 */
const MILLION = 1_000_000;
const HELD = 25_000;
const BURST = 500;

const queue = await EventQueue.bind({ bind: "tcp://127.0.0.1:0", capacity: HELD });
const seen = process.argv[2] === "flush" ? await longestHold() : await heapSizes();
process.stdout.write(`${seen.join(" ")}\n`);
await queue.close();

async function heapSizes(): Promise<readonly number[]> {
  process.stdout.write(`${queue.endpoint}\n`);
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const sizes: number[] = [];
  for (const target of [MILLION, 5 * MILLION]) {
    await offerUntil(target);
    collect();
    sizes.push(process.memoryUsage().heapUsed / 2 ** 20);
  }
  return sizes;
}

async function offerUntil(target: number): Promise<void> {
  for (let next = queue.stats().accepted; next < target;) {
    for (let count = 0; count < BURST && next < target && !queue.full; count += 1) {
      next += 1;
      queue.offer(eventText(next));
    }
    await (queue.full ? sleep(5) : nextTurn());
  }
  await queue.flush(60_000);
  const { sent } = queue.stats();
  if (sent !== target) throw new Error(`${sent} events of ${target} were sent`);
}

/** By the thread's own CPU time: what others do on this machine holds up no event loop. */
async function longestHold(): Promise<readonly number[]> {
  for (let sequence = 1; sequence <= HELD; sequence += 1) queue.offer(eventText(sequence));
  process.stdout.write(`${queue.endpoint}\n`);
  let longest = 0;
  for (let before = cpuMilliseconds(); queue.stats().held > 0; before = cpuMilliseconds()) {
    await nextTurn();
    longest = Math.max(longest, cpuMilliseconds() - before);
  }
  return [longest];
}

function cpuMilliseconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
