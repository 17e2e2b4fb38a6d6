import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";

/** More processes than this serve no proxy: replicas scale better, and each has its own memory. */
export const MAX_WORKERS = 8;

export type ReadText = (path: string) => string | undefined;

/**
 * The CPUs that this process may use, at least 1: those it is allowed to run on, and no more than
 * its control groups grant (quota over period, rounded up). Not Node's own figure alone, which also
 * multiplies by the groups' weight: in Kubernetes that makes 1 of 2.
 */
export function usableCpus(read: ReadText = readOrNothing): number {
  const allowed = allowedCpus(read) ?? availableParallelism();
  const quota = Math.min(...quotas(read));
  return Math.max(1, Math.min(allowed, Math.ceil(quota)));
}

/** How many workers there are where `TSP_WORKERS` is not set. */
export function standardWorkers(read?: ReadText): number {
  return Math.min(usableCpus(read), MAX_WORKERS);
}

/** Length of a list such as `0-3,8`. */
function allowedCpus(read: ReadText): number | undefined {
  const status = read("/proc/self/status") ?? "";
  const list = /^Cpus_allowed_list:\s*([\d,-]+)$/m.exec(status)?.[1];
  if (list === undefined) return undefined;
  return list.split(",").reduce((sum, range) => {
    const [first = "0", last = first] = range.split("-");
    return sum + Number(last) - Number(first) + 1;
  }, 0);
}

/** CPUs granted by each control group from our own up to the root; empty without limits. */
function* quotas(read: ReadText): Generator<number> {
  for (const line of (read("/proc/self/cgroup") ?? "").split("\n")) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    if (controllers === "") yield* unifiedQuotas(read, path);
    else if (controllers.split(",").includes("cpu")) yield* legacyQuotas(read, path, controllers);
  }
}

function* unifiedQuotas(read: ReadText, path: string): Generator<number> {
  for (const group of upwards(path)) {
    const [quota, period] = (read(join("/sys/fs/cgroup", group, "cpu.max")) ?? "").split(" ");
    yield* ratio(quota, period);
  }
}

function* legacyQuotas(read: ReadText, path: string, controllers: string): Generator<number> {
  for (const group of upwards(path)) {
    const folder = join("/sys/fs/cgroup", controllers, group);
    yield* ratio(read(join(folder, "cpu.cfs_quota_us")), read(join(folder, "cpu.cfs_period_us")));
  }
}

function* upwards(path: string): Generator<string> {
  for (let group = join("/", path); ; group = dirname(group)) {
    yield group;
    if (group === "/") return;
  }
}

function* ratio(quota: string | undefined, period: string | undefined): Generator<number> {
  const cpus = Number(quota) / Number(period);
  // `max` and -1 mean: no limit.
  if (cpus > 0 && cpus < Infinity) yield cpus;
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
