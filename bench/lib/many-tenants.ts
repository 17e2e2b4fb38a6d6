import { readFileSync } from "node:fs";
import { Agent } from "node:http";
import {
  active,
  type ConfigurationDocument,
  DataFolder,
  localConfiguration,
  primary,
  type Proxy,
  type ProxyOptions,
  send,
  startProxy,
} from "@tenant-security/testkit";
import type { RunOptions } from "./row.ts";
import { requestBody } from "./tenants.ts";

/** `tenant-1` to `tenant-<count>`, each with three leased configurations of its own. */
export function tenantsOfThree(folder: DataFolder, count: number): ConfigurationDocument {
  const keyFiles = [folder.key("kms.key")];
  const ids = Array.from({ length: count * 3 }, (_, index) => index + 1);
  return {
    version: 1,
    kmsConfigurations: ids.map((id) => localConfiguration(id, { leased: true, keyFiles })),
    tenants: Array.from({ length: count }, (_, index) => {
      const first = index * 3 + 1;
      const configurations = [primary(first), active(first + 1), active(first + 2)];
      return { id: `tenant-${index + 1}`, configurations };
    }),
  };
}

/** A proxy of one process with many tenants. */
export interface ManyTenants {
  readonly folder: DataFolder;
  readonly proxy: Proxy;
  readonly pid: number;
  /** Seconds from the start of the program until it served. */
  readonly startSeconds: number;
  readonly close: () => Promise<void>;
}

export async function startManyTenants(
  count: number,
  { cpus }: Pick<RunOptions, "cpus">,
  options: Partial<ProxyOptions> = {},
): Promise<ManyTenants> {
  const folder = new DataFolder();
  folder.configure(tenantsOfThree(folder, count));
  const env = { TSP_WORKERS: "1", ...options.env };
  const started = performance.now();
  const proxy = await startProxy({ ...options, folder, form: "built", cpu: cpus.server, env });
  const startSeconds = (performance.now() - started) / 1_000;
  const close = async (): Promise<void> => {
    await proxy.program.stop();
    folder.remove();
  };
  return { folder, proxy, pid: proxy.program.process.pid ?? 0, startSeconds, close };
}

const WARM_UP_MS = 180_000;

/**
 * One wrap for each tenant, so that each has its lease. Gives the number of tenants that had their
 * turn: all of them, unless the machine is very slow.
 */
export async function wrapForEach({ url }: Proxy, count: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const end = performance.now() + WARM_UP_MS;
  let next = 1;
  const worker = async (): Promise<void> => {
    while (next <= count && performance.now() < end) {
      const tenantId = `tenant-${next++}`;
      await wrap(url, tenantId, agent);
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  agent.destroy();
  return next - 1;
}

export async function wrap(origin: string, tenantId: string, agent: Agent): Promise<void> {
  const url = `${origin}/api/1/document/wrap`;
  const { status, text } = await send(url, requestBody(tenantId), { agent });
  if (status !== 200) throw new Error(`${tenantId}: ${status} ${text}`);
}

export function residentKibibytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1]);
}
