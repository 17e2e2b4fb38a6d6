import { spawnSync } from "node:child_process";
import type { RunOptions } from "./row.ts";

/** One CPU for the servers and another for the load, when there are two and `taskset` to bind to. */
export function chooseCpus(): RunOptions["cpus"] {
  const asked = spawnSync("taskset", ["-cp", String(process.pid)], { encoding: "utf8" });
  if (asked.status !== 0) return { server: undefined, load: undefined };
  const [server, load] = parseCpuList(asked.stdout.slice(asked.stdout.lastIndexOf(":") + 1));
  return load === undefined ? { server: undefined, load: undefined } : { server, load };
}

/** `0-1,4` is 0, 1 and 4. */
function parseCpuList(text: string): readonly number[] {
  return text
    .trim()
    .split(",")
    .flatMap((range) => {
      const [first = Number.NaN, last = first] = range.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}
