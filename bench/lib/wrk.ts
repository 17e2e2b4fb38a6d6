import { execFile, spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  autocannon,
  type LoadOptions,
  measureLoad,
  type Measurement,
  type Target,
} from "./load.ts";
import { treeCpuSeconds } from "./cpu-time.ts";

const run = promisify(execFile);

/** Whether wrk is installed (`apt-get install wrk`). */
const hasWrk: boolean = spawnSync("wrk", ["-v"]).error === undefined;

/**
 * As {@link measureLoad}, with a generator that leaves the CPUs to the servers: wrk, written in C,
 * needs a tenth of autocannon's time for a request. Without it, autocannon after all.
 */
export async function measureLightly(target: Target, options: LoadOptions): Promise<Measurement> {
  if (!hasWrk) return measureLoad(target, options);
  const before = treeCpuSeconds(target.pid);
  const { good, seconds } = await wrk(target, options);
  const after = treeCpuSeconds(target.pid);
  const used = before === undefined || after === undefined ? undefined : after - before;
  return { rate: good / seconds, cost: used === undefined ? undefined : used / good };
}

/** How long all but one of a hundred requests take at most, at the peak rate, in milliseconds. */
export async function slowestLightly(target: Target, options: LoadOptions): Promise<number> {
  if (hasWrk) return (await wrk(target, options)).p99;
  return (await autocannon(target, options)).latency.p99;
}

interface Count {
  readonly good: number;
  readonly bad: number;
  readonly seconds: number;
  /** In milliseconds. */
  readonly p99: number;
}

async function wrk(target: Target, { seconds, connections, cpu }: LoadOptions): Promise<Count> {
  const script = join(tmpdir(), `wrk-${process.pid}-${Math.random().toString(36).slice(2)}.lua`);
  writeFileSync(script, scriptFor(target));
  const args = ["-t1", `-c${connections}`, `-d${seconds}s`, "-s", script, target.url];
  const [command = "", ...rest] = [
    ...(cpu === undefined ? [] : ["taskset", "-c", String(cpu)]),
    "wrk",
    ...args,
  ];
  try {
    const { stdout } = await run(command, rest, { timeout: seconds * 1_000 + 30_000 });
    const count = JSON.parse(stdout.slice(stdout.lastIndexOf("\n{"))) as Count;
    const { good, bad } = count;
    if (good === 0 || bad > 0) throw new Error(`${target.url}: ${good} answers, ${bad} failures`);
    return count;
  } finally {
    rmSync(script, { force: true });
  }
}

/** Says what to send, and prints what came back as JSON in the last line. */
function scriptFor({ headers, bodyFile }: Target): string {
  const assignments = Object.entries(headers).map(
    ([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`,
  );
  return `
wrk.method = "POST"
${assignments.join("\n")}
local file = io.open(${JSON.stringify(bodyFile)}, "rb")
wrk.body = file:read("*a")
file:close()
done = function(summary, latency)
  local e = summary.errors
  local bad = e.connect + e.read + e.write + e.status + e.timeout
  io.write(string.format('\\n{"good":%d,"bad":%d,"seconds":%.6f,"p99":%.3f}\\n',
    summary.requests - e.status, bad, summary.duration / 1e6, latency:percentile(99) / 1e3))
end
`;
}
