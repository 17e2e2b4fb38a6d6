import { spawnSync } from "node:child_process";
import { API_KEY } from "@tenant-security/testkit";
import { GenericContainer, type StartedTestContainer, Wait } from "testcontainers";
import type { Target } from "./lib/load.ts";
import type { Benchmark, Row, RunOptions } from "./lib/row.ts";
import { Servers } from "./lib/servers.ts";
import { rowOf, type Sample } from "./lib/statistics.ts";
import { requestBody } from "./lib/tenants.ts";
import { measureLightly } from "./lib/wrk.ts";

const ROW = "vault-transit-encrypt";
const IMAGE = "hashicorp/vault:1.21";
const PORT = 8_200;
const TOKEN = "bench-root";
const KEY = "bench";
const CONNECTIONS = 32;

/** Vault's transit engine, which encrypts a key of 32 bytes in memory as a leased wrap does. */
export const vaultBenchmark: Benchmark = {
  rows: [ROW],

  async run(options: RunOptions): Promise<readonly Row[]> {
    const { cpus, rounds, seconds } = options;
    if (!options.wanted(ROW)) return [];
    const container = await startVault(cpus.server).catch((error: unknown) => {
      process.stderr.write(`${ROW} is left out: ${String(error)}\n`);
    });
    if (container === undefined) return [];
    const servers = new Servers(cpus);
    try {
      const vault = await prepareVault(servers, container);
      const proxy = await startProxy(servers);
      const samples: Sample[] = [];
      // The first round warms up and is thrown away.
      for (let round = 0; round <= rounds; round += 1) {
        const load = { connections: CONNECTIONS, cpu: cpus.load, seconds: round ? seconds : 1 };
        const ours = await measureLightly(proxy, load);
        const theirs = await measureLightly(vault, load);
        if (round > 0) samples.push({ value: theirs.rate, reference: ours.rate });
      }
      return [rowOf(ROW, "requests/s", samples)];
    } finally {
      await servers.close();
      await container.stop();
    }
  },
};

async function startVault(cpu: number | undefined): Promise<StartedTestContainer> {
  const container = await new GenericContainer(IMAGE)
    .withEnvironment({ VAULT_DEV_ROOT_TOKEN_ID: TOKEN, VAULT_LOG_LEVEL: "error" })
    .withExposedPorts(PORT)
    .withWaitStrategy(Wait.forHttp("/v1/sys/health", PORT))
    .start();
  // Its process is one of this machine, and can be bound to the CPU that the proxy has.
  const bound = cpu === undefined ? [] : vaultProcesses();
  for (const pid of bound) spawnSync("taskset", ["-acp", String(cpu), pid]);
  return container;
}

function vaultProcesses(): readonly string[] {
  const { stdout } = spawnSync("pgrep", ["-x", "vault"], { encoding: "utf8" });
  return (stdout ?? "").split("\n").filter((pid) => pid !== "");
}

async function prepareVault(servers: Servers, container: StartedTestContainer): Promise<Target> {
  const origin = `http://${container.getHost()}:${container.getMappedPort(PORT)}`;
  const headers = { "x-vault-token": TOKEN, "content-type": "application/json" };
  const post = async (path: string, body: object): Promise<void> => {
    const answer = await fetch(`${origin}/v1/${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  };
  await post("sys/mounts/transit", { type: "transit" });
  await post(`transit/keys/${KEY}`, {});
  const plaintext = Buffer.alloc(32, 7).toString("base64");
  const bodyFile = servers.folder.write("vault.json", JSON.stringify({ plaintext }));
  return { url: `${origin}/v1/transit/encrypt/${KEY}`, pid: 0, headers, bodyFile };
}

async function startProxy(servers: Servers): Promise<Target> {
  const { url, program } = await servers.proxy();
  const bodyFile = servers.folder.write("wrap.json", JSON.stringify(requestBody("leased")));
  const headers = { authorization: `cmk ${API_KEY}`, "content-type": "application/json" };
  const pid = program.process.pid ?? 0;
  return { url: `${url}/api/1/document/wrap`, pid, headers, bodyFile };
}
