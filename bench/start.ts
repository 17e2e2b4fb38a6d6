import { readFileSync } from "node:fs";
import { Agent } from "node:http";
import { DataFolder, get, type Proxy, send, startProxy } from "@tenant-security/testkit";
import type { Benchmark, Row, RunOptions } from "./lib/row.ts";
import { rowOf, type Sample } from "./lib/statistics.ts";
import { manyTenants, requestBody } from "./lib/tenants.ts";

const START = "start-1000-tenants";
const MEMORY = "rss-10000-tenants";

/** How long a start takes, and how much memory many tenants do. Neither has a reference. */
export const startBenchmark: Benchmark = {
  rows: [START, MEMORY],

  async run(options: RunOptions): Promise<readonly Row[]> {
    const rows: Row[] = [];
    if (options.wanted(START)) rows.push(await measureStart(options));
    if (options.wanted(MEMORY)) rows.push(await measureMemory(options));
    return rows;
  },
};

async function measureStart(options: RunOptions): Promise<Row> {
  const samples: Sample[] = [];
  for (let round = 0; round < options.rounds; round += 1) {
    await withTenants(1_000, options, async ({ healthUrl }, started) => {
      const { status } = await get(`${healthUrl}/ready`);
      if (status !== 200) throw new Error(`/ready answered ${status}`);
      samples.push({ value: (performance.now() - started) / 1_000 });
    });
  }
  return rowOf(START, "s to ready", samples);
}

async function measureMemory(options: RunOptions): Promise<Row> {
  const count = 10_000;
  let mebibytes = Number.NaN;
  await withTenants(count, options, async ({ url, program }) => {
    await wrapForEach(url, count);
    mebibytes = residentMebibytes(program.process.pid ?? 0);
  });
  return rowOf(MEMORY, "MiB", [{ value: mebibytes }]);
}

/** `started` is when the process was asked for, by the performance clock. */
async function withTenants(
  count: number,
  { cpus }: RunOptions,
  use: (proxy: Proxy, started: number) => Promise<void>,
): Promise<void> {
  const folder = new DataFolder();
  try {
    folder.configure(manyTenants(folder, count));
    const started = performance.now();
    const proxy = await startProxy({ folder, form: "built", cpu: cpus.server });
    try {
      await use(proxy, started);
    } finally {
      await proxy.program.stop();
    }
  } finally {
    folder.remove();
  }
}

async function wrapForEach(origin: string, count: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  let next = 1;
  const worker = async () => {
    while (next <= count) {
      const tenantId = `tenant-${next++}`;
      const url = `${origin}/api/1/document/wrap`;
      const { status, text } = await send(url, requestBody(tenantId), { agent });
      if (status !== 200) throw new Error(`${tenantId}: ${status} ${text}`);
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  agent.destroy();
}

function residentMebibytes(pid: number): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kibibytes) / 1_024;
}
