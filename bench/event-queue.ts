import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Benchmark, Row, RunOptions } from "./lib/row.ts";
import { rowOf, type Sample } from "./lib/statistics.ts";

const OFFER = "queue-offer";
const FLUSH = "queue-flush-25000";
const HEAP = "queue-heap-5-million";
const SENDER = new URL("./lib/event-sender.ts", import.meta.url);
const HEALTH = new URL("./lib/event-health.ts", import.meta.url);
const READER = new URL("./lib/event-reader.ts", import.meta.url);

/** The queue, on one CPU, with a reader in another process on the other. */
export const eventQueueBenchmark: Benchmark = {
  rows: [OFFER, FLUSH, HEAP],

  async run(options: RunOptions): Promise<readonly Row[]> {
    const { cpus, rounds, seconds } = options;
    const rows: Row[] = [];
    if (options.wanted(OFFER)) {
      const samples = await repeat(rounds, async () => {
        const [reference] = await sent(SENDER, ["bare", String(seconds)], cpus);
        const [value] = await sent(SENDER, ["queue", String(seconds)], cpus);
        return { value, reference };
      });
      rows.push(rowOf(OFFER, "offers/s", samples));
    }
    if (options.wanted(FLUSH)) {
      const samples = await repeat(rounds, async () => {
        const [value] = await sent(HEALTH, ["flush"], cpus);
        return { value };
      });
      // "Never longer than" is about the worst of all rounds.
      const value = Math.max(...samples.map((sample) => sample.value));
      rows.push(rowOf(FLUSH, "ms at a time", [{ value }]));
    }
    if (options.wanted(HEAP)) {
      const [reference, value] = await sent(HEALTH, ["heap"], cpus);
      rows.push(rowOf(HEAP, "MiB of heap", [{ value, reference }]));
    }
    return rows;
  },
};

async function repeat(rounds: number, measure: () => Promise<Sample>): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let round = 0; round < rounds; round += 1) samples.push(await measure());
  return samples;
}

/** The numbers that a program prints which sends events to a reader. */
async function sent(
  program: URL,
  args: readonly string[],
  cpus: RunOptions["cpus"],
): Promise<readonly [number, number]> {
  const sender = start(program, args, cpus.server);
  const lines = createInterface({ input: sender.stdout ?? process.stdin })[Symbol.asyncIterator]();
  const { value: endpoint = "" } = await lines.next();
  const reader = start(READER, [endpoint], cpus.load);
  try {
    const { value: line = "" } = await lines.next();
    const [first = 0, second = 0] = line.split(" ").map(Number);
    if (!(first > 0)) throw new Error(`the program (${args.join(" ")}) ended without a number`);
    return [first, second];
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
