import { childrenOf, statOf } from "@tenant-security/testkit";

/** What Linux counts in, whatever the kernel's own tick. */
const TICKS_PER_SECOND = 100;

/** Seconds of CPU that a process has used so far; `undefined` where there is no `/proc`. */
export function cpuSeconds(pid: number): number | undefined {
  const fields = statOf(pid);
  if (fields === undefined) return undefined;
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** The same for a process and its children together. */
export function treeCpuSeconds(pid: number): number | undefined {
  const own = cpuSeconds(pid);
  if (own === undefined) return undefined;
  return childrenOf(pid).reduce((sum, child) => sum + (cpuSeconds(child) ?? 0), own);
}
