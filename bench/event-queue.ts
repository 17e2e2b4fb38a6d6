import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Benchmark, Row, RunOptions } from "./lib/row.ts";
import { rowOf, type Sample } from "./lib/statistics.ts";

const ROW = "queue-offer";
const SENDER = new URL("./lib/event-sender.ts", import.meta.url);
const READER = new URL("./lib/event-reader.ts", import.meta.url);

/** The queue beside a bare ZeroMQ send loop, each on one CPU with a reader in another process. */
export const eventQueueBenchmark: Benchmark = {
  rows: [ROW],

  async run(options: RunOptions): Promise<readonly Row[]> {
    if (!options.wanted(ROW)) return [];
    const samples: Sample[] = [];
    for (let round = 0; round < options.rounds; round += 1) {
      const reference = await eventRate("bare", options);
      samples.push({ value: await eventRate("queue", options), reference });
    }
    return [rowOf(ROW, "offers/s", samples)];
  },
};

async function eventRate(
  subject: "queue" | "bare",
  { seconds, cpus }: RunOptions,
): Promise<number> {
  const sender = start(SENDER, [subject, String(seconds)], cpus.server);
  const lines = createInterface({ input: sender.stdout ?? process.stdin })[Symbol.asyncIterator]();
  const { value: endpoint = "" } = await lines.next();
  const reader = start(READER, [endpoint], cpus.load);
  try {
    const { value: rate = "" } = await lines.next();
    if (!(Number(rate) > 0)) throw new Error(`the ${subject} sender ended without a rate`);
    return Number(rate);
  } finally {
    await Promise.all([sender, reader].map(stop));
  }
}

function start(program: URL, args: readonly string[], cpu: number | undefined): ChildProcess {
  const bound = cpu === undefined ? [] : ["taskset", "-c", String(cpu)];
  const node = [process.execPath, ...process.execArgv, fileURLToPath(program)];
  const [command = "", ...rest] = [...bound, ...node, ...args];
  return spawn(command, rest, { stdio: ["ignore", "pipe", "inherit"] });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}
