import { Agent } from "node:http";
import { openRelay, primary, type Proxy, type Relay, send } from "@tenant-security/testkit";
import type { Benchmark, Row, RunOptions } from "./lib/row.ts";
import { Servers } from "./lib/servers.ts";
import { rowOf, type Sample } from "./lib/statistics.ts";
import { requestBody } from "./lib/tenants.ts";

const ROW = "kms-isolation-p99";
const DELAY_MS = 5;
const CALLERS = 32;

/** Short pairs: what else this machine does changes within seconds, and hits both halves of few. */
const PAIRS_PER_ROUND = 4;

/** How long a call waits for the silent KMS: short, so that the breaker opens and closes all the time. */
const TIMEOUT_MS = 1_000;

/**
 * The 99th percentile of a tenant's unleased wraps while another tenant's KMS takes everything and
 * answers nothing, beside the same without that tenant's callers.
 */
export const isolationBenchmark: Benchmark = {
  rows: [ROW],

  async run(options: RunOptions): Promise<readonly Row[]> {
    if (!options.wanted(ROW)) return [];
    const servers = new Servers(options.cpus);
    const agent = new Agent({ keepAlive: true });
    const { proxy, silent } = await start(servers);
    try {
      const samples: Sample[] = [];
      const measure = () => percentile(proxy, agent, options.seconds / 2);
      // The first pair warms up and is thrown away.
      for (let pair = 0; pair <= options.rounds * PAIRS_PER_ROUND; pair += 1) {
        const reference = await measure();
        const value = await beside(servers, proxy, measure);
        if (pair > 0) samples.push({ value, reference });
      }
      return [rowOf(ROW, "ms", samples)];
    } finally {
      agent.destroy();
      await silent.close();
      await servers.close();
    }
  },
};

async function start(servers: Servers): Promise<{ proxy: Proxy; silent: Relay }> {
  const { kms, certificate: caCertificate } = await servers.kms(DELAY_MS);
  const silent = await openRelay(Number(new URL(kms.thales.origin).port));
  silent.silence();
  const configuration = (id: number, origin: string) => ({
    id,
    type: "THALES",
    keyPath: { ...kms.thales.keyPath, serviceUrl: origin },
    credentials: { ...kms.thales.credentials, caCertificate },
  });
  servers.folder.configure({
    version: 1,
    kmsConfigurations: [
      configuration(1, kms.thales.origin),
      configuration(2, `https://${silent.host}`),
    ],
    tenants: [
      { id: "well", configurations: [primary(1)] },
      { id: "silent", configurations: [primary(2)] },
    ],
  });
  const hosts = [new URL(kms.thales.origin).host, silent.host].join(",");
  const env = { TSP_KMS_ALLOWED_HOSTS: hosts, TSP_KMS_TIMEOUT_MS: String(TIMEOUT_MS) };
  return { proxy: await servers.proxy(env), silent };
}

function wrap({ url }: Proxy, tenant: string, agent: Agent): Promise<{ readonly status: number }> {
  return send(`${url}/api/1/document/wrap`, requestBody(tenant), { agent });
}

/** Milliseconds that all but a hundredth of a few callers' wraps take at most. */
async function percentile(proxy: Proxy, agent: Agent, seconds: number): Promise<number> {
  const times: number[] = [];
  const end = performance.now() + seconds * 1_000;
  const caller = async (): Promise<void> => {
    while (performance.now() < end) {
      const started = performance.now();
      const { status } = await wrap(proxy, "well", agent);
      if (status !== 200) throw new Error(`a wrap answered ${status}`);
      times.push(performance.now() - started);
    }
  };
  await Promise.all([caller(), caller(), caller(), caller()]);
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Number.NaN;
}

/** Measures while callers of the silent tenant keep coming. */
async function beside<T>(servers: Servers, proxy: Proxy, measure: () => Promise<T>): Promise<T> {
  const stop = await servers.silentCallers(proxy.url, CALLERS);
  try {
    return await measure();
  } finally {
    await stop();
  }
}
