import { readFileSync } from "node:fs";

/** What Linux counts in, whatever the kernel's own tick. */
const TICKS_PER_SECOND = 100;

/** Seconds of CPU that a process has used so far; `undefined` where there is no `/proc`. */
export function cpuSeconds(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the name in parentheses, which may hold blanks.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return undefined;
  }
}
