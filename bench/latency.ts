import { API_KEY, send } from "@tenant-security/testkit";
import type { Target } from "./lib/load.ts";
import type { Benchmark, Row, RunOptions } from "./lib/row.ts";
import { Servers } from "./lib/servers.ts";
import { rowOf, type Sample } from "./lib/statistics.ts";
import { requestBody } from "./lib/tenants.ts";
import { slowestLightly } from "./lib/wrk.ts";

const ROW = "leased-wrap-p99";

const CONNECTIONS = 32;
const HEADERS = { authorization: `cmk ${API_KEY}`, "content-type": "application/json" };

/** How long all but one of a hundred leased wraps take at most, at the peak rate. */
export const latencyBenchmark: Benchmark = {
  rows: [ROW],

  async run(options: RunOptions): Promise<readonly Row[]> {
    if (!options.wanted(ROW)) return [];
    const servers = new Servers(options.cpus);
    try {
      const { proxy, bare } = await start(servers);
      const samples: Sample[] = [];
      // The first round warms up and is thrown away.
      for (let round = 0; round <= options.rounds; round += 1) {
        const { seconds, cpus } = options;
        const limits = { seconds, connections: CONNECTIONS, cpu: cpus.load };
        const reference = await slowestLightly(bare, limits);
        const value = await slowestLightly(proxy, limits);
        if (round > 0) samples.push({ value, reference });
      }
      return [rowOf(ROW, "ms", samples)];
    } finally {
      await servers.close();
    }
  },
};

async function start(servers: Servers): Promise<Record<"proxy" | "bare", Target>> {
  const body = requestBody("leased");
  const bodyFile = servers.folder.write("latency.json", JSON.stringify(body));
  const { url: origin, program } = await servers.proxy();
  const url = `${origin}/api/1/document/wrap`;
  const proxy = { url, pid: program.process.pid ?? 0, headers: HEADERS, bodyFile };
  const { text } = await send(url, body);
  const bare = await servers.bare([text]);
  return { proxy, bare: { ...proxy, pid: bare.pid, url: `${bare.url}/0` } };
}
