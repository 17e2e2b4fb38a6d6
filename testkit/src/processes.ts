import { readdirSync, readFileSync } from "node:fs";

/**
 * Fields of `/proc/PID/stat` from the state on, which follows the name in parentheses (proc(5), field
 * 3). Undefined when there is no such process, or no `/proc`.
 */
export function statOf(pid: number): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

/** Process ids of the running children of a process, zombies left out. Linux alone. */
export function childrenOf(parent: number): readonly number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    const [state, ppid] = statOf(pid) ?? [];
    return Number(ppid) === parent && state !== "Z";
  });
}
