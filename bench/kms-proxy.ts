import { Agent } from "node:http";
import { setDefaultCACertificates } from "node:tls";
import { primary, type Proxy, send } from "@tenant-security/testkit";
import { bareThales } from "./lib/bare-kms.ts";
import type { KmsServer } from "./lib/kms-servers.ts";
import type { Benchmark, RunOptions } from "./lib/row.ts";
import { Servers } from "./lib/servers.ts";
import { rowOf, type Sample } from "./lib/statistics.ts";
import { requestBody } from "./lib/tenants.ts";

const ROWS = ["unleased-wrap-kms", "unleased-batch-100"] as const;
const SIZE = 100;

/** What a KMS in the same region takes. */
const DELAY_MS = 10;

const documentIds = Array.from({ length: SIZE }, (_, index) => `document-${index}`);

/**
 * Single unleased wraps, one after the other, beside bare calls to the same KMS; and a batch of as
 * many beside the single ones.
 */
export const unleasedBenchmark: Benchmark = {
  rows: ROWS,

  async run(options: RunOptions) {
    if (!ROWS.some((row) => options.wanted(row))) return [];
    const servers = new Servers(options.cpus);
    const agent = new Agent({ keepAlive: true });
    const { kms, certificate } = await servers.kms(DELAY_MS);
    setDefaultCACertificates([certificate]);
    const bare = await bareThales(kms.thales);
    try {
      const post = poster(await startProxy(servers, kms.thales, certificate), agent);
      const samples: Record<(typeof ROWS)[number], Sample[]> = {
        "unleased-wrap-kms": [],
        "unleased-batch-100": [],
      };
      // The first round warms up and is thrown away.
      for (let round = 0; round <= options.rounds; round += 1) {
        const alone = await rate(() => inSequence(() => bare.call()));
        const singles = await rate(() => inSequence(() => post("wrap")));
        const batched = await rate(() => batch(post));
        if (round === 0) continue;
        samples["unleased-wrap-kms"].push({ value: singles, reference: alone });
        samples["unleased-batch-100"].push({ value: batched, reference: singles });
      }
      return ROWS.filter((row) => options.wanted(row)).map((row) =>
        rowOf(row, "keys/s", samples[row]),
      );
    } finally {
      await bare.close();
      agent.destroy();
      await servers.close();
    }
  },
};

type Post = (path: string, members?: object) => Promise<string>;

function startProxy(servers: Servers, server: KmsServer, certificate: string): Promise<Proxy> {
  servers.folder.configure({
    version: 1,
    kmsConfigurations: [{ id: 1, type: "THALES", ...membersOf(server, certificate) }],
    tenants: [{ id: "unleased", configurations: [primary(1)] }],
  });
  return servers.proxy({ TSP_KMS_ALLOWED_HOSTS: new URL(server.origin).host });
}

function membersOf({ keyPath, credentials }: KmsServer, caCertificate: string) {
  return { keyPath, credentials: { ...credentials, caCertificate } };
}

function poster({ url }: Proxy, agent: Agent): Post {
  return async (path, members) => {
    const body = requestBody("unleased", members);
    const { status, text } = await send(`${url}/api/1/document/${path}`, body, { agent });
    if (status !== 200) throw new Error(`${path} answered ${status}: ${text}`);
    return text;
  };
}

/** Keys in a second. */
async function rate(wrapAll: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await wrapAll();
  return (SIZE * 1_000) / (performance.now() - started);
}

async function inSequence(call: () => Promise<unknown>): Promise<void> {
  for (let count = 0; count < SIZE; count += 1) await call();
}

async function batch(post: Post): Promise<void> {
  const { failures } = JSON.parse(await post("batch-wrap", { documentIds })) as {
    failures: object;
  };
  if (Object.keys(failures).length > 0) throw new Error("a key of the batch failed");
}
