import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import {
  DataFolder,
  type Proxy,
  selfSignedCertificate,
  startProxy,
} from "@tenant-security/testkit";
import type { KmsServers } from "./kms-servers.ts";
import type { RunOptions } from "./row.ts";
import { twoTenants } from "./tenants.ts";

type Cpus = RunOptions["cpus"];

/** Everything started for a run; `close` ends it in the opposite order. */
export class Servers {
  readonly #closers: (() => Promise<unknown>)[] = [];
  readonly #cpus: Cpus;
  readonly folder: DataFolder = new DataFolder();

  constructor(cpus: Cpus) {
    this.#cpus = cpus;
    this.folder.configure(twoTenants(this.folder));
  }

  async proxy(env: Readonly<Record<string, string>> = {}): Promise<Proxy> {
    const { folder } = this;
    const proxy = await startProxy({ folder, env, form: "built", cpu: this.#cpus.server });
    this.#closers.push(() => proxy.program.stop());
    return proxy;
  }

  /** The reference server, of one process or several. */
  async bare(
    answers: readonly string[],
    processes = 1,
  ): Promise<{ readonly url: string; readonly pid: number }> {
    const file = this.folder.write("answers.json", JSON.stringify(answers));
    const child = this.#script("../bare.ts", [file, String(processes)], this.#cpus.server);
    const url = `http://127.0.0.1:${await firstLine(child)}`;
    return { url, pid: child.pid ?? 0 };
  }

  /** Servers of vendors' APIs, beside the load generator; their answers take `delayMs`. */
  async kms(delayMs = 0): Promise<{ readonly kms: KmsServers; readonly certificate: string }> {
    const { cert, key } = selfSignedCertificate();
    this.folder.write("kms.key", key);
    this.folder.write("kms.crt", cert);
    const args = [this.folder.path, String(delayMs)];
    const line = await firstLine(this.#script("kms-servers.ts", args, this.#cpus.load));
    return { kms: JSON.parse(line) as KmsServers, certificate: cert };
  }

  /** Pulls and throws away events, beside the load generator. */
  async eventReader(endpoint: string): Promise<void> {
    await firstLine(this.#script("event-reader.ts", [endpoint], this.#cpus.load));
  }

  /** Callers of the tenant `silent`, beside the load generator, until the result is called. */
  async silentCallers(url: string, callers: number): Promise<() => Promise<unknown>> {
    const child = this.#script("silent-callers.ts", [url, String(callers)], this.#cpus.load);
    await firstLine(child);
    return () => {
      const ended = new Promise((resolve) => child.once("close", resolve));
      child.kill();
      return ended;
    };
  }

  async close(): Promise<void> {
    for (const close of this.#closers.toReversed()) await close();
    this.folder.remove();
  }

  #script(name: string, args: readonly string[], cpu: number | undefined): ChildProcess {
    const file = fileURLToPath(new URL(name, import.meta.url));
    const bound = cpu === undefined ? [] : ["taskset", "-c", String(cpu)];
    const [command = "", ...rest] = [...bound, process.execPath, file, ...args];
    const child = spawn(command, rest, { stdio: ["ignore", "pipe", "inherit"] });
    const ended = new Promise((resolve) => child.once("close", resolve));
    this.#closers.push(() => {
      child.kill();
      return ended;
    });
    return child;
  }
}

async function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`ended with ${code} before it was ready`)));
    child.stdout?.setEncoding("utf8").once("data", (text: string) => resolve(text.trim()));
  });
}
