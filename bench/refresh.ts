import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { longestBlock, WATCHED } from "./lib/longest-block.ts";
import {
  type ManyTenants,
  startManyTenants,
  tenantsOfThree,
  wrap,
  wrapForEach,
} from "./lib/many-tenants.ts";
import type { Benchmark, Row, RunOptions } from "./lib/row.ts";
import { rowOf, type Sample } from "./lib/statistics.ts";

const COUNT = 100_000;
const P99 = "refresh-100000-p99";
const BLOCK = "refresh-100000-max-block";

/** Tenants with a lease, which a refresh has checked again. */
const LEASED = 1_000;
const CALLERS = 4;

/** How long a caller rests after an answer: live traffic, far below what the proxy could do. */
const PAUSE_MS = 2;

const REFRESH_MS = 90_000;

/**
 * What live traffic feels of a refresh of 100,000 tenants, three configurations each: its 99th
 * percentile, and the longest stretch that the event loop was busy, beside the same without.
 */
export const refreshBenchmark: Benchmark = {
  rows: [P99, BLOCK],

  async run(options: RunOptions): Promise<readonly Row[]> {
    if (![P99, BLOCK].some((row) => options.wanted(row))) return [];
    const tenants = await startManyTenants(COUNT, options, { nodeOptions: WATCHED });
    try {
      await wrapForEach(tenants.proxy, LEASED);
      const { p99, block } = await measure(tenants, options.rounds);
      const rows = [rowOf(P99, "ms", p99), rowOf(BLOCK, "ms CPU", block)];
      return rows.filter(({ row }) => options.wanted(row));
    } finally {
      await tenants.close();
    }
  },
};

interface Window {
  readonly p99: number;
  readonly longestMs: number;
}

async function measure(tenants: ManyTenants, rounds: number) {
  const p99: Sample[] = [];
  const block: Sample[] = [];
  // The first round warms up and is thrown away.
  for (let round = 0; round <= rounds; round += 1) {
    const document = JSON.stringify({ ...tenantsOfThree(tenants.folder, COUNT), round });
    const began = performance.now();
    const during = await beside(tenants, () => refresh(tenants, document));
    const took = performance.now() - began;
    const without = await beside(tenants, () => sleep(took));
    if (round === 0) continue;
    p99.push({ value: during.p99, reference: without.p99 });
    block.push({ value: during.longestMs, reference: without.longestMs });
  }
  return { p99, block };
}

/** A changed file, until the proxy says that it serves it. */
async function refresh({ folder, proxy }: ManyTenants, document: string): Promise<void> {
  const loaded = (): number =>
    proxy.program.log.filter(({ message }) => message === "configuration loaded").length;
  const before = loaded();
  folder.replace("tenants.json", document);
  await proxy.program.until(() => loaded() > before || undefined, REFRESH_MS);
}

/** What callers and the event loop saw while `work` went on, and a little longer. */
async function beside({ proxy }: ManyTenants, work: () => Promise<void>): Promise<Window> {
  const agent = new Agent({ keepAlive: true });
  const times: number[] = [];
  await longestBlock(proxy);
  const over = new AbortController();
  const caller = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const started = performance.now();
      await wrap(proxy.url, `tenant-${1 + Math.floor(Math.random() * LEASED)}`, agent);
      times.push(performance.now() - started);
      await sleep(PAUSE_MS);
    }
  };
  const callers = Array.from({ length: CALLERS }, caller);
  try {
    await work();
    await sleep(500);
  } finally {
    over.abort();
    await Promise.all(callers);
    agent.destroy();
  }
  const p99 = times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Number.NaN;
  return { p99, longestMs: await longestBlock(proxy) };
}
