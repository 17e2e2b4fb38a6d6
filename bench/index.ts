import { writeFileSync } from "node:fs";
import { arch, availableParallelism, cpus as cpuInfo } from "node:os";
import { parseArgs } from "node:util";
import { eventQueueBenchmark } from "./event-queue.ts";
import { keysBenchmark } from "./keys.ts";
import { isolationBenchmark } from "./kms-isolation.ts";
import { unleasedBenchmark } from "./kms-proxy.ts";
import { kmsBenchmark } from "./kms.ts";
import { latencyBenchmark } from "./latency.ts";
import { loopBenchmark } from "./loop.ts";
import { buildProxy } from "./lib/build.ts";
import { chooseCpus } from "./lib/cpus.ts";
import type { Benchmark, Row, RunOptions } from "./lib/row.ts";
import { writeReport } from "./lib/report.ts";
import { table } from "./lib/table.ts";
import { overloadBenchmark } from "./overload.ts";
import { proxyBenchmark } from "./proxy.ts";
import { refreshBenchmark } from "./refresh.ts";
import { tenantsBenchmark } from "./tenants.ts";
import { startBenchmark } from "./start.ts";
import { vaultBenchmark } from "./vault.ts";
import { workersBenchmark } from "./workers.ts";

const BENCHMARKS: readonly Benchmark[] = [
  proxyBenchmark,
  latencyBenchmark,
  workersBenchmark,
  vaultBenchmark,
  startBenchmark,
  tenantsBenchmark,
  refreshBenchmark,
  loopBenchmark,
  brief(eventQueueBenchmark),
  brief(keysBenchmark),
  brief(kmsBenchmark),
  unleasedBenchmark,
  isolationBenchmark,
  overloadBenchmark,
];

const HELP = `npm run bench -- [--rounds N] [--seconds S] [--only ROW,ROW] [--write] [--json FILE]

  --rounds   rounds of every row, at least 1; the table shows medians (default 5)
  --seconds  whole seconds of one measurement (default 2)
  --only     comma-separated rows
  --write    puts the table into docs/performance.md
  --json     file for the rows as [{ "row", "value", "unit", "reference", "ratio" }]

Rows: ${BENCHMARKS.flatMap(({ rows }) => rows).join(", ")}
`;

interface Arguments extends RunOptions {
  readonly json: string | undefined;
  readonly write: boolean;
}

async function main(): Promise<void> {
  const options = readArguments();
  if (options === undefined) {
    process.stdout.write(HELP);
    return;
  }
  buildProxy();
  process.stdout.write(`${machine(options)}\n\n`);
  const rows: Row[] = [];
  for (const benchmark of BENCHMARKS) rows.push(...(await benchmark.run(options)));
  process.stdout.write(`${table(rows)}\n`);
  if (options.write) writeReport(rows, machine(options));
  if (options.json !== undefined) writeFileSync(options.json, json(rows));
}

function json(rows: readonly Row[]): string {
  const plain = rows.map(({ row, value, unit, reference, ratio }) => ({
    row,
    value,
    unit,
    reference,
    ratio,
  }));
  return `${JSON.stringify(plain, null, 2)}\n`;
}

/** Without a network between them, a second tells as much as several. */
function brief({ rows, run }: Pick<Benchmark, "rows" | "run">): Benchmark {
  return { rows, run: (options) => run({ ...options, seconds: 1 }) };
}

function readArguments(): Arguments | undefined {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "2" },
      only: { type: "string" },
      json: { type: "string" },
      write: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const only = values.only?.split(",");
  const known = new Set(BENCHMARKS.flatMap(({ rows }) => rows));
  const unknown = only?.filter((row) => !known.has(row)) ?? [];
  if (unknown.length > 0) throw new RangeError(`no such row: ${unknown.join(", ")}\n\n${HELP}`);
  return {
    rounds: whole("--rounds", values.rounds),
    seconds: whole("--seconds", values.seconds),
    cpus: chooseCpus(),
    wanted: (row) => only?.includes(row) ?? true,
    json: values.json,
    write: values.write,
  };
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new RangeError(`${name} must be a whole number above 0, not ${text}`);
}

function machine({ cpus, rounds, seconds }: RunOptions): string {
  const model = cpuInfo()[0]?.model.trim() ?? "unknown CPU";
  const binding =
    cpus.server === undefined
      ? "servers and load generator share all CPUs"
      : `servers on CPU ${cpus.server}, load generator on CPU ${cpus.load}`;
  const facts = `${availableParallelism()} × ${model}, ${arch()}, Node ${process.version}`;
  return `${facts}\n${binding}; medians of ${rounds} rounds of ${seconds} s, 32 connections`;
}

await main();
