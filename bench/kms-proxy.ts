import { Agent } from "node:http";
import { primary, type Proxy, send } from "@tenant-security/testkit";
import type { KmsServer } from "./lib/kms-servers.ts";
import type { Benchmark, RunOptions } from "./lib/row.ts";
import { Servers } from "./lib/servers.ts";
import { rowOf, type Sample } from "./lib/statistics.ts";
import { requestBody } from "./lib/tenants.ts";

const ROW = "unleased-batch-100";
const SIZE = 100;

/** What a KMS in the same region takes. */
const DELAY_MS = 10;

const documentIds = Array.from({ length: SIZE }, (_, index) => `document-${index}`);

/** A batch of unleased keys beside as many single requests, one after the other, at the same KMS. */
export const unleasedBatchBenchmark: Benchmark = {
  rows: [ROW],

  async run(options: RunOptions) {
    if (!options.wanted(ROW)) return [];
    const servers = new Servers(options.cpus);
    const agent = new Agent({ keepAlive: true });
    try {
      const post = poster(await startProxy(servers), agent);
      const samples: Sample[] = [];
      // The first round warms up and is thrown away.
      for (let round = 0; round <= options.rounds; round += 1) {
        const sample = { reference: await singles(post), value: await batch(post) };
        if (round > 0) samples.push(sample);
      }
      return [rowOf(ROW, "keys/s", samples)];
    } finally {
      agent.destroy();
      await servers.close();
    }
  },
};

type Post = (path: string, members?: object) => Promise<string>;

async function startProxy(servers: Servers): Promise<Proxy> {
  const { kms, certificate } = await servers.kms(DELAY_MS);
  servers.folder.configure({
    version: 1,
    kmsConfigurations: [{ id: 1, type: "THALES", ...membersOf(kms.thales, certificate) }],
    tenants: [{ id: "unleased", configurations: [primary(1)] }],
  });
  return servers.proxy({ TSP_KMS_ALLOWED_HOSTS: new URL(kms.thales.origin).host });
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

async function singles(post: Post): Promise<number> {
  const started = performance.now();
  for (let count = 0; count < SIZE; count += 1) await post("wrap");
  return (SIZE * 1_000) / (performance.now() - started);
}

async function batch(post: Post): Promise<number> {
  const started = performance.now();
  const { failures } = JSON.parse(await post("batch-wrap", { documentIds })) as {
    failures: object;
  };
  if (Object.keys(failures).length > 0) throw new Error("a key of the batch failed");
  return (SIZE * 1_000) / (performance.now() - started);
}
