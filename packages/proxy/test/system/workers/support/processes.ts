import { readdirSync, readFileSync } from "node:fs";
import type { Proxy } from "@tenant-security/testkit";
import { eventually } from "../../support/eventually.ts";

/** Process ids of the running children of a process, zombies left out. */
export function childrenOf(parent: number): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const [state, ppid] = stateOf(pid);
      return Number(ppid) === parent && state !== "Z";
    })
    .map(Number);
}

/** The serving processes of a proxy, once there are `count`. */
export async function workersOf({ program }: Proxy, count: number): Promise<readonly number[]> {
  const look = () => childrenOf(program.process.pid ?? 0);
  const workers = await eventually(look, (found) => found.length === count);
  if (workers.length !== count) throw new Error(`${workers.length} workers, not ${count}`);
  return workers;
}

/** State and parent, which follow the name in parentheses. */
function stateOf(pid: string): readonly string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    // It ended while we looked.
    return [];
  }
}
