import { setTimeout as sleep } from "node:timers/promises";
import { API_KEY, send } from "@tenant-security/testkit";
import { autocannon, type Result, type Target } from "./lib/load.ts";
import type { Benchmark, Row, RunOptions } from "./lib/row.ts";
import { Servers } from "./lib/servers.ts";
import { rowOf, type Sample } from "./lib/statistics.ts";
import { requestBody } from "./lib/tenants.ts";

const RATE = "overload-2x";
const RECOVERY = "overload-recovery";

/** Enough for the peak rate, and so many that the proxy decides how fast they go. */
const PEAK_CONNECTIONS = 64;
const OVERLOAD_CONNECTIONS = 2_048;

/** Opening so many connections takes a while. */
const LEAST_SECONDS = 5;

/** A request that costs the proxy several times as much as the load generator. */
const BODY = requestBody("leased", {
  documentIds: Array.from({ length: 10 }, (_, index) => `document-${index}`),
});
const HEADERS = { authorization: `cmk ${API_KEY}`, "content-type": "application/json" };

const PROBES = 50;
const PROBE_EVERY_MS = 4;

/** Recovered is what is not twice as slow as before, give or take what a busy machine adds. */
const WORSE = 2;
const NOISE_MS = 10;
const LONGEST_RECOVERY_MS = 30_000;

/** A proxy that is sent twice as much as it can answer, and how soon it has forgotten that. */
export const overloadBenchmark: Benchmark = {
  rows: [RATE, RECOVERY],

  async run(options: RunOptions): Promise<readonly Row[]> {
    if (![RATE, RECOVERY].some((row) => options.wanted(row))) return [];
    const servers = new Servers(options.cpus);
    try {
      const target = await startProxy(servers);
      const rates: Sample[] = [];
      const recoveries: Sample[] = [];
      for (let round = 0; round < options.rounds; round += 1) {
        const { rate, recovery } = await measure(target, options);
        rates.push(rate);
        recoveries.push(recovery);
      }
      return [rowOf(RATE, "requests/s", rates), rowOf(RECOVERY, "s", recoveries)].filter(
        ({ row }) => options.wanted(row),
      );
    } finally {
      await servers.close();
    }
  },
};

async function startProxy(servers: Servers): Promise<Target> {
  const { url, program } = await servers.proxy();
  const bodyFile = servers.folder.write("overload.json", JSON.stringify(BODY));
  const pid = program.process.pid ?? 0;
  return { url: `${url}/api/1/document/batch-wrap`, pid, headers: HEADERS, bodyFile };
}

/** The peak, twice the peak, and the time after it. */
async function measure(
  target: Target,
  { cpus, seconds: wanted }: RunOptions,
): Promise<Record<"rate" | "recovery", Sample>> {
  const seconds = Math.max(wanted, LEAST_SECONDS);
  const load = { seconds, cpu: cpus.load };
  const peak = goodOf(await autocannon(target, { ...load, connections: PEAK_CONNECTIONS }));
  const before = await slowestOf(target.url);
  const overload = { ...load, connections: OVERLOAD_CONNECTIONS, rate: 2 * peak };
  const good = goodOf(await autocannon(target, overload));
  const recovery = await recoveryAfter(target.url, WORSE * before + NOISE_MS);
  return { rate: { value: good, reference: peak }, recovery: { value: recovery } };
}

/** Good answers of the median second: the first one goes to opening connections. */
function goodOf({ "2xx": good, non2xx, errors, requests }: Result): number {
  if (good === 0 || errors > 0) throw new Error(`${good} good answers, ${errors} errors`);
  return (requests.p50 * good) / (good + non2xx);
}

/** Seconds until requests are answered within the limit again. */
async function recoveryAfter(url: string, limitMs: number): Promise<number> {
  const started = performance.now();
  for (;;) {
    const windowBegan = performance.now();
    if ((await slowestOf(url)) <= limitMs) return (windowBegan - started) / 1_000;
    if (windowBegan - started > LONGEST_RECOVERY_MS) throw new Error("the proxy does not recover");
  }
}

/** The slowest of some requests, one after the other: their p99, in milliseconds. */
async function slowestOf(url: string): Promise<number> {
  const text = JSON.stringify(BODY);
  let slowest = 0;
  for (let probe = 0; probe < PROBES; probe += 1) {
    const sent = performance.now();
    const { status } = await send(url, text);
    const took = performance.now() - sent;
    // What is refused is not back yet.
    slowest = Math.max(slowest, status === 200 ? took : Number.POSITIVE_INFINITY);
    await sleep(PROBE_EVERY_MS);
  }
  return slowest;
}
