import { spawn } from "node:child_process";
import { text as textOf } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { cpuSeconds } from "./lib/cpu-time.ts";
import {
  type ManyTenants,
  residentKibibytes,
  startManyTenants,
  wrapForEach,
} from "./lib/many-tenants.ts";
import type { Benchmark, Row, RunOptions } from "./lib/row.ts";
import type { SpreadLoad } from "./lib/spread-load.ts";
import { rowOf, type Sample } from "./lib/statistics.ts";

const FEW = 10;
const RATES = [10_000, 100_000] as const;
const STARTS = [10_000, 100_000] as const;
const MEMORY = "rss-per-tenant-100000";
const SPREAD_LOAD = fileURLToPath(new URL("lib/spread-load.ts", import.meta.url));

const rateRow = (count: number): string => `tenants-${count}`;
const startRow = (count: number): string => `start-${count}-tenants`;

/** What many tenants cost, each with three configurations of its own. */
export const tenantsBenchmark: Benchmark = {
  rows: [rateRow(FEW), ...RATES.map(rateRow), MEMORY, ...STARTS.map(startRow)],

  async run(options: RunOptions): Promise<readonly Row[]> {
    const rows = await measureRates(options);
    if (options.wanted(MEMORY)) rows.push(await measureMemory(options));
    for (const count of STARTS) {
      if (options.wanted(startRow(count))) rows.push(await measureStart(count, options));
    }
    return rows;
  },
};

/** Wraps of tenants by chance, all of which have a lease, beside those of ten tenants. */
async function measureRates(options: RunOptions): Promise<Row[]> {
  const wanted = [FEW, ...RATES].filter((count) => options.wanted(rateRow(count)));
  const proxies = new Map<number, ManyTenants & { readonly leased: number }>();
  const samples = new Map<number, Sample[]>(wanted.map((count) => [count, []]));
  try {
    for (const count of wanted.length > 0 ? new Set([FEW, ...wanted]) : []) {
      const started = await startManyTenants(count, options);
      proxies.set(count, { ...started, leased: await wrapForEach(started.proxy, count) });
    }
    // The first round warms up and is thrown away.
    for (let round = 0; round <= options.rounds && wanted.length > 0; round += 1) {
      const few = await measureLoad(proxies.get(FEW)!, options);
      for (const count of wanted) {
        const own = count === FEW ? few : await measureLoad(proxies.get(count)!, options);
        const sample = { value: own.rate, cpuRatio: few.cost && own.cost && few.cost / own.cost };
        const reference = count === FEW ? {} : { reference: few.rate };
        if (round > 0) samples.get(count)?.push({ ...sample, ...reference });
      }
    }
  } finally {
    for (const { close } of proxies.values()) await close();
  }
  return wanted.map((count) => rowOf(rateRow(count), "requests/s", samples.get(count) ?? []));
}

interface Result {
  readonly "2xx": number;
  readonly non2xx: number;
  readonly errors: number;
  readonly timeouts: number;
  readonly duration: number;
}

async function measureLoad(
  { proxy, pid, leased }: ManyTenants & { readonly leased: number },
  { seconds, cpus }: RunOptions,
): Promise<{ readonly rate: number; readonly cost: number | undefined }> {
  const url = `${proxy.url}/api/1/document/wrap`;
  const load: SpreadLoad = { url, tenants: leased, connections: 32, seconds };
  const before = cpuSeconds(pid);
  const { "2xx": good, duration, ...bad } = await spreadLoad(load, cpus.load);
  const after = cpuSeconds(pid);
  const failures = bad.non2xx + bad.errors + bad.timeouts;
  if (good === 0 || failures > 0) throw new Error(`${url}: ${good} answers, ${failures} failures`);
  const used = before === undefined || after === undefined ? undefined : after - before;
  return { rate: good / duration, cost: used === undefined ? undefined : used / good };
}

async function spreadLoad(load: SpreadLoad, cpu: number | undefined): Promise<Result> {
  const bound = cpu === undefined ? [] : ["taskset", "-c", String(cpu)];
  const [command, ...args] = [...bound, process.execPath, SPREAD_LOAD, JSON.stringify(load)];
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  const force = setTimeout(() => child.kill("SIGKILL"), load.seconds * 1_000 + 30_000);
  try {
    return JSON.parse(await textOf(child.stdout)) as Result;
  } finally {
    clearTimeout(force);
  }
}

/** Resident memory beyond that of a proxy with ten tenants, for each tenant. */
async function measureMemory(options: RunOptions): Promise<Row> {
  const count = 100_000;
  const few = await settledKibibytes(FEW, options);
  const many = await settledKibibytes(count, options);
  return rowOf(MEMORY, "KiB", [{ value: (many - few) / count }]);
}

/** V8 gives the pages of the thread that loaded the file back after some seconds. */
const SETTLE_MS = 15_000;

async function settledKibibytes(count: number, options: RunOptions): Promise<number> {
  const { pid, close } = await startManyTenants(count, options);
  try {
    await sleep(SETTLE_MS);
    return residentKibibytes(pid);
  } finally {
    await close();
  }
}

async function measureStart(count: number, options: RunOptions): Promise<Row> {
  const samples: Sample[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    const { startSeconds, close } = await startManyTenants(count, options);
    await close();
    samples.push({ value: startSeconds });
  }
  return rowOf(startRow(count), "s to ready", samples);
}
