import { API_KEY } from "@tenant-security/testkit";
import type { Target } from "./lib/load.ts";
import type { Benchmark, Row, RunOptions } from "./lib/row.ts";
import { Servers } from "./lib/servers.ts";
import { rowOf, type Sample } from "./lib/statistics.ts";
import { requestBody } from "./lib/tenants.ts";
import { measureLightly } from "./lib/wrk.ts";

const WORKERS = [1, 2] as const;
const CONNECTIONS = 64;
const HEADERS = { authorization: `cmk ${API_KEY}`, "content-type": "application/json" };

const rowName = (workers: number): string => `leased-wrap-workers-${workers}`;

/** One process beside several, all of them and the load generator on all CPUs. */
export const workersBenchmark: Benchmark = {
  rows: WORKERS.map(rowName),

  async run(options: RunOptions): Promise<readonly Row[]> {
    const { rounds, seconds } = options;
    const wanted = WORKERS.filter((workers) => options.wanted(rowName(workers)));
    if (wanted.length === 0) return [];
    const servers = new Servers({ server: undefined, load: undefined });
    try {
      const targets: Target[] = [];
      for (const workers of WORKERS) targets.push(await startProxy(servers, workers));
      const samples = WORKERS.map((): Sample[] => []);
      const load = { connections: CONNECTIONS, cpu: undefined };
      // The first round warms up and is thrown away.
      for (let round = 0; round <= rounds; round += 1) {
        const limits = { ...load, seconds: round === 0 ? 1 : seconds };
        const measured = [];
        for (const target of targets) measured.push(await measureLightly(target, limits));
        if (round === 0) continue;
        const [one] = measured;
        for (const [index, { rate, cost }] of measured.entries()) {
          const reference = index === 0 ? {} : { reference: one!.rate };
          const cpuRatio = index > 0 && one!.cost && cost ? one!.cost / cost : undefined;
          samples[index]!.push({ value: rate, ...reference, cpuRatio });
        }
      }
      return wanted.map((workers) =>
        rowOf(rowName(workers), "requests/s", samples[WORKERS.indexOf(workers)]!),
      );
    } finally {
      await servers.close();
    }
  },
};

async function startProxy(servers: Servers, workers: number): Promise<Target> {
  const { url, program } = await servers.proxy({ TSP_WORKERS: String(workers) });
  const body = JSON.stringify(requestBody("leased"));
  const bodyFile = servers.folder.write(`workers-${workers}.json`, body);
  const pid = program.process.pid ?? 0;
  return { url: `${url}/api/1/document/wrap`, pid, headers: HEADERS, bodyFile };
}
