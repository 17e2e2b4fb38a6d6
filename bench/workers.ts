import { API_KEY, send } from "@tenant-security/testkit";
import type { Target } from "./lib/load.ts";
import type { Benchmark, Row, RunOptions } from "./lib/row.ts";
import { Servers } from "./lib/servers.ts";
import { rowOf, type Sample } from "./lib/statistics.ts";
import { requestBody } from "./lib/tenants.ts";
import { measureLightly } from "./lib/wrk.ts";

const PROCESSES = [1, 2] as const;
const CONNECTIONS = 64;
const HEADERS = { authorization: `cmk ${API_KEY}`, "content-type": "application/json" };

/** What is measured with one process and with several; the second says what the machine gives. */
const KINDS = ["leased-wrap-workers", "bare-workers"] as const;

type Kind = (typeof KINDS)[number];

const rowName = (kind: Kind, processes: number): string => `${kind}-${processes}`;

/** One process beside several, all of them and the load generator on all CPUs. */
export const workersBenchmark: Benchmark = {
  rows: KINDS.flatMap((kind) => PROCESSES.map((processes) => rowName(kind, processes))),

  async run(options: RunOptions): Promise<readonly Row[]> {
    const kinds = KINDS.filter((kind) =>
      PROCESSES.some((processes) => options.wanted(rowName(kind, processes))),
    );
    if (kinds.length === 0) return [];
    const servers = new Servers({ server: undefined, load: undefined });
    try {
      const rows: Row[] = [];
      const targets = await startAll(servers);
      const samples = new Map(kinds.map((kind) => [kind, PROCESSES.map((): Sample[] => [])]));
      // The first round warms up and is thrown away.
      for (let round = 0; round <= options.rounds; round += 1) {
        const seconds = round === 0 ? 1 : options.seconds;
        for (const [kind, of] of samples) {
          const measured = await measureEach(targets[kind], seconds);
          if (round > 0) for (const [index, sample] of measured.entries()) of[index]!.push(sample);
        }
      }
      for (const [kind, of] of samples) {
        for (const [index, processes] of PROCESSES.entries()) {
          const row = rowName(kind, processes);
          if (options.wanted(row)) rows.push(rowOf(row, "requests/s", of[index]!));
        }
      }
      return rows;
    } finally {
      await servers.close();
    }
  },
};

/** Each target in turn, beside the first of them. */
async function measureEach(targets: readonly Target[], seconds: number): Promise<Sample[]> {
  const limits = { connections: CONNECTIONS, cpu: undefined, seconds };
  const measured = [];
  for (const target of targets) measured.push(await measureLightly(target, limits));
  const [one] = measured;
  return measured.map(({ rate, cost }, index) => {
    if (index === 0) return { value: rate };
    const cpuRatio = one!.cost && cost ? one!.cost / cost : undefined;
    return { value: rate, reference: one!.rate, cpuRatio };
  });
}

async function startAll(servers: Servers): Promise<Readonly<Record<Kind, readonly Target[]>>> {
  const body = requestBody("leased");
  const bodyFile = servers.folder.write("workers.json", JSON.stringify(body));
  const target = { headers: HEADERS, bodyFile };
  const proxies: Target[] = [];
  for (const workers of PROCESSES) {
    const { url, program } = await servers.proxy({ TSP_WORKERS: String(workers) });
    const pid = program.process.pid ?? 0;
    proxies.push({ ...target, url: `${url}/api/1/document/wrap`, pid });
  }
  const { text } = await send(proxies[0]!.url, body);
  const bare: Target[] = [];
  for (const processes of PROCESSES) {
    const { url, pid } = await servers.bare([text], processes);
    bare.push({ ...target, url: `${url}/0`, pid });
  }
  return { "leased-wrap-workers": proxies, "bare-workers": bare };
}
