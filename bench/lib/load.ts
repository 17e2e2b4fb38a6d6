import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { cpuSeconds } from "./cpu-time.ts";

const AUTOCANNON = createRequire(import.meta.url).resolve("autocannon/autocannon.js");

export interface Target {
  readonly url: string;
  /** The process that answers. */
  readonly pid: number;
  readonly headers: Readonly<Record<string, string>>;
  /** File of the request body: a batch is longer than an argument may be. */
  readonly bodyFile: string;
}

export interface LoadOptions {
  readonly seconds: number;
  readonly connections: number;
  readonly cpu: number | undefined;
  /** Requests a second over all connections. Default: as many as get answered. */
  readonly rate?: number;
}

export interface Result {
  readonly "2xx": number;
  readonly non2xx: number;
  readonly errors: number;
  readonly timeouts: number;
  readonly duration: number;
  /** Answers in each second. */
  readonly requests: { readonly p50: number };
  /** In whole milliseconds. */
  readonly latency: { readonly p99: number };
}

export interface Measurement {
  /** Requests in a second. */
  readonly rate: number;
  /** Seconds of CPU that the server used for one request; `undefined` where nobody counts them. */
  readonly cost: number | undefined;
}

/**
 * How many requests autocannon, in a process of its own, gets answered, and what they cost.
 * Rejects when a single one failed: a fast refusal must not look like speed.
 */
export async function measureLoad(target: Target, options: LoadOptions): Promise<Measurement> {
  const before = cpuSeconds(target.pid);
  const result = await autocannon(target, options);
  const after = cpuSeconds(target.pid);
  const { "2xx": good, non2xx, errors, timeouts, duration } = result;
  if (good === 0 || non2xx + errors + timeouts > 0) {
    const failures = `${non2xx} refused, ${errors} errors, ${timeouts} timeouts`;
    throw new Error(`${target.url}: ${good} answers, ${failures}`);
  }
  const used = before === undefined || after === undefined ? undefined : after - before;
  return { rate: good / duration, cost: used === undefined ? undefined : used / good };
}

/** What autocannon, in a process of its own, saw. */
export async function autocannon(target: Target, options: LoadOptions): Promise<Result> {
  const flags = {
    ...(options.rate !== undefined && { overallRate: String(Math.ceil(options.rate)) }),
    method: "POST",
    input: target.bodyFile,
    connections: String(options.connections),
    duration: String(options.seconds),
  };
  const args = [
    ...(options.cpu === undefined ? [] : ["taskset", "-c", String(options.cpu)]),
    process.execPath,
    AUTOCANNON,
    "--json",
    "--no-progress",
    ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]),
    ...Object.entries(target.headers).flatMap(([name, value]) => ["--headers", `${name}=${value}`]),
    target.url,
  ];
  const child = spawn(args[0] ?? "", args.slice(1), { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const force = setTimeout(() => child.kill("SIGKILL"), options.seconds * 1_000 + 30_000);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  clearTimeout(force);
  if (code !== 0) throw new Error(`autocannon ended with ${code}: ${errors}`);
  return JSON.parse(output) as Result;
}
