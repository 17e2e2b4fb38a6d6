import { readFileSync } from "node:fs";
import { API_KEY, send } from "@tenant-security/testkit";
import { measureLoad, type Measurement, type Target } from "./lib/load.ts";
import type { Benchmark, Row, RunOptions } from "./lib/row.ts";
import { Servers } from "./lib/servers.ts";
import { rowOf, type Sample } from "./lib/statistics.ts";
import { requestBody } from "./lib/tenants.ts";

type ProxyName = "quiet" | "reader" | "no-reader";

interface Load {
  readonly row: string;
  readonly unit: string;
  readonly proxy: ProxyName;
  readonly path: string;
  readonly body: (edek: string) => object;
  /** Keys of one request. */
  readonly keys: number;
  /** Of the load generator. Default: 32. */
  readonly connections?: number;
  /** Another row instead of the bare server. */
  readonly against?: string;
}

/** What one row measures, once the servers run. */
interface Pair extends Pick<Load, "row" | "unit" | "keys" | "connections"> {
  readonly subject: Target;
  readonly reference: Target;
  readonly samples: Sample[];
}

const WRAP: Omit<Load, "row"> = {
  unit: "requests/s",
  proxy: "quiet",
  path: "document/wrap",
  body: () => requestBody("leased"),
  keys: 1,
};

const LOADS: readonly Load[] = [
  { ...WRAP, row: "leased-wrap" },
  {
    ...WRAP,
    row: "leased-unwrap",
    path: "document/unwrap",
    body: (encryptedDocumentKey) => requestBody("leased", { encryptedDocumentKey }),
  },
  { ...WRAP, row: "leased-wrap-c1", connections: 1 },
  { ...WRAP, row: "leased-wrap-c128", connections: 128 },
  {
    ...WRAP,
    row: "derive",
    path: "key/derive-with-secret-path",
    body: () =>
      requestBody("leased", {
        derivationType: "sha512",
        secretType: "deterministic",
        paths: { field: ["label"] },
      }),
  },
  { ...WRAP, row: "unleased-wrap", body: () => requestBody("unleased") },
  batch(1),
  batch(10),
  batch(100),
  batch(1_000),
  { ...WRAP, row: "leased-wrap-everything", proxy: "reader" },
  { ...WRAP, row: "leased-wrap-events-reader", proxy: "reader", against: "leased-wrap" },
  { ...WRAP, row: "leased-wrap-events-no-reader", proxy: "no-reader", against: "leased-wrap" },
];

const CONNECTIONS = 32;
const HEADERS = { authorization: `cmk ${API_KEY}`, "content-type": "application/json" };

/** Requests over HTTP, side by side with bare `node:http`. */
export const proxyBenchmark: Benchmark = {
  rows: LOADS.map(({ row }) => row),

  async run(options: RunOptions): Promise<readonly Row[]> {
    const wanted = LOADS.filter(({ row }) => options.wanted(row));
    if (wanted.length === 0) return [];
    const servers = new Servers(options.cpus);
    try {
      const pairs = await prepare(servers, wanted);
      // The first round warms the compiler up and is thrown away.
      await measure(pairs, { ...options, seconds: Math.min(options.seconds, 1) });
      for (const { samples } of pairs) samples.length = 0;
      for (let round = 0; round < options.rounds; round += 1) await measure(pairs, options);
      return pairs.map(({ row, unit, samples }) => rowOf(row, unit, samples));
    } finally {
      await servers.close();
    }
  },
};

/** One round: each target once, the reference right before what it is compared with. */
async function measure(pairs: readonly Pair[], options: RunOptions): Promise<void> {
  const measured = new Map<Target, Measurement>();
  const once = async (target: Target, connections: number) => {
    const load = { seconds: options.seconds, connections, cpu: options.cpus.load };
    const known = measured.get(target) ?? (await measureLoad(target, load));
    measured.set(target, known);
    return known;
  };
  for (const { keys, subject, reference, samples, connections = CONNECTIONS } of pairs) {
    const against = await once(reference, connections);
    const own = await once(subject, connections);
    const cpuRatio = against.cost && own.cost ? against.cost / own.cost : undefined;
    samples.push({ value: own.rate * keys, reference: against.rate * keys, cpuRatio });
  }
}

async function prepare(servers: Servers, loads: readonly Load[]): Promise<readonly Pair[]> {
  const compared = new Set(loads.flatMap(({ row, against = row }) => [row, against]));
  const needed = LOADS.filter(({ row }) => compared.has(row));
  const proxies = await startProxies(servers, new Set(needed.map(({ proxy }) => proxy)));
  const edek = await leasedEdek(proxies.quiet.url);
  const subjects = new Map(
    needed.map((load): [string, Target] => {
      const bodyFile = servers.folder.write(`${load.row}.json`, JSON.stringify(load.body(edek)));
      const { url, pid } = proxies[load.proxy];
      return [load.row, { url: `${url}/api/1/${load.path}`, pid, headers: HEADERS, bodyFile }];
    }),
  );
  const bare = await bareReferences(servers, subjects);
  return loads.flatMap(({ row, unit, keys, connections, against = "" }) => {
    const subject = subjects.get(row);
    const reference = subjects.get(against) ?? bare.get(row);
    if (subject === undefined || reference === undefined) return [];
    const pair = { row, unit, keys, subject, reference, samples: [] };
    return [connections === undefined ? pair : { ...pair, connections }];
  });
}

/** The bare server answers, for each row, the very bytes that the proxy answered. */
async function bareReferences(
  servers: Servers,
  subjects: ReadonlyMap<string, Target>,
): Promise<ReadonlyMap<string, Target>> {
  const rows = [...subjects];
  const answers = rows.map(async ([, { url, bodyFile }]) => {
    const { status, text } = await send(url, readFileSync(bodyFile, "utf8"));
    if (status !== 200) throw new Error(`${url}: ${status} ${text}`);
    return text;
  });
  const { url, pid } = await servers.bare(await Promise.all(answers));
  return new Map(
    rows.map(([row, subject], index) => [row, { ...subject, pid, url: `${url}/${index}` }]),
  );
}

async function startProxies(
  servers: Servers,
  names: ReadonlySet<ProxyName>,
): Promise<Record<ProxyName, Pick<Target, "url" | "pid">>> {
  const on = { TSP_ENABLE_LOGDRIVER_INTEGRATION: "true" };
  const start = async (env: Readonly<Record<string, string>>) => {
    const { url, eventsUrl, program } = await servers.proxy(env);
    return { url, eventsUrl, pid: program.process.pid ?? 0 };
  };
  const quiet = await start({});
  const silent = names.has("no-reader") ? await start(on) : quiet;
  const read = names.has("reader") ? await start(on) : quiet;
  if (names.has("reader")) await servers.eventReader(read.eventsUrl);
  return { quiet, reader: read, "no-reader": silent };
}

async function leasedEdek(origin: string): Promise<string> {
  const { json } = await send(`${origin}/api/1/document/wrap`, requestBody("leased"));
  return (json as { edek: string }).edek;
}

function batch(size: number): Load {
  const documentIds = Array.from({ length: size }, (_, index) => `document-${index}`);
  return {
    row: `batch-${size}`,
    unit: "keys/s",
    proxy: "quiet",
    path: "document/batch-wrap",
    body: () => requestBody("leased", { documentIds }),
    keys: size,
  };
}
