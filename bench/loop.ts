import { DataFolder, type Proxy, send, startProxy } from "@tenant-security/testkit";
import { longestBlock, WATCHED } from "./lib/longest-block.ts";
import type { Benchmark, RunOptions } from "./lib/row.ts";
import { rowOf, type Sample } from "./lib/statistics.ts";
import { requestBody, twoTenants } from "./lib/tenants.ts";

const ITEMS = 10_000;
const ROWS = ["loop-batch-wrap-10000", "loop-batch-unwrap-10000"] as const;

/** How long one large batch, from its first byte to its last, keeps everybody else waiting. */
export const loopBenchmark: Benchmark = {
  rows: ROWS,

  async run(options: RunOptions) {
    if (!ROWS.some((row) => options.wanted(row))) return [];
    const samples: Readonly<Record<(typeof ROWS)[number], Sample[]>> = {
      "loop-batch-wrap-10000": [],
      "loop-batch-unwrap-10000": [],
    };
    await withProxy(options, async (proxy) => {
      // The first round warms the compiler up and is thrown away.
      for (let round = 0; round <= options.rounds; round += 1) {
        const wrap = await held(proxy, "document/batch-wrap", { documentIds: IDS });
        const edeks = Object.fromEntries(
          Object.entries((wrap.json as Wrapped).keys).map(([id, { edek }]) => [id, edek]),
        );
        const unwrap = await held(proxy, "document/batch-unwrap", { edeks });
        if (round === 0) continue;
        samples["loop-batch-wrap-10000"].push({ value: wrap.longest });
        samples["loop-batch-unwrap-10000"].push({ value: unwrap.longest });
      }
    });
    return ROWS.filter((row) => options.wanted(row)).map((row) => rowOf(row, "ms", samples[row]));
  },
};

const IDS: readonly string[] = Array.from({ length: ITEMS }, (_, index) => `document-${index}`);

interface Wrapped {
  readonly keys: Readonly<Record<string, { readonly edek: string }>>;
}

async function held(
  proxy: Proxy,
  path: string,
  members: object,
): Promise<{ readonly json: unknown; readonly longest: number }> {
  await longestBlock(proxy);
  const { status, json, text } = await send(
    `${proxy.url}/api/1/${path}`,
    requestBody("leased", members),
  );
  if (status !== 200) throw new Error(`${path}: ${status} ${text.slice(0, 200)}`);
  return { json, longest: await longestBlock(proxy) };
}

async function withProxy(
  { cpus }: RunOptions,
  use: (proxy: Proxy) => Promise<void>,
): Promise<void> {
  const folder = new DataFolder();
  try {
    folder.configure(twoTenants(folder));
    const cpu = cpus.server;
    const proxy = await startProxy({ folder, form: "built", cpu, nodeOptions: WATCHED });
    try {
      await use(proxy);
    } finally {
      await proxy.program.stop();
    }
  } finally {
    folder.remove();
  }
}
