import { describe, expect, it } from "vitest";
import { MAX_WORKERS, standardWorkers, usableCpus } from "../../src/config/cpus.ts";

const STATUS = "/proc/self/status";
const GROUP = "/proc/self/cgroup";

describe("the CPUs that a process may use", () => {
  it.for([
    ["0", 1],
    ["0-3", 4],
    ["0-1,4,6-7", 5],
  ] as const)("are those it may run on: %s", ([list, cpus]) => {
    expect(usableCpus(files({ [STATUS]: allowed(list) }))).toBe(cpus);
  });

  it.for([
    ["200000 100000", 2],
    ["150000 100000", 2],
    ["50000 100000", 1],
    ["1600000 100000", 8],
    ["max 100000", 8],
    ["", 8],
  ] as const)("are no more than its group grants: cpu.max is %j", ([max, cpus]) => {
    const read = files({
      [STATUS]: allowed("0-7"),
      [GROUP]: "0::/",
      "/sys/fs/cgroup/cpu.max": max,
    });

    expect(usableCpus(read)).toBe(cpus);
  });

  it("are no more than any group above grants", () => {
    const read = files({
      [STATUS]: allowed("0-7"),
      [GROUP]: "0::/pod/container",
      "/sys/fs/cgroup/pod/container/cpu.max": "max 100000",
      "/sys/fs/cgroup/pod/cpu.max": "300000 100000",
    });

    expect(usableCpus(read)).toBe(3);
  });

  it.for([
    ["200000", 2],
    ["-1", 8],
  ] as const)("are found in groups of the first version: a quota of %s", ([quota, cpus]) => {
    const read = files({
      [STATUS]: allowed("0-7"),
      [GROUP]: "4:memory:/docker\n3:cpu,cpuacct:/docker",
      "/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_quota_us": quota,
      "/sys/fs/cgroup/cpu,cpuacct/docker/cpu.cfs_period_us": "100000",
    });

    expect(usableCpus(read)).toBe(cpus);
  });

  it("are at least one where nothing says how many", () => {
    expect(usableCpus(files({}))).toBeGreaterThanOrEqual(1);
  });

  it("are not all used for workers where there are many", () => {
    expect(standardWorkers(files({ [STATUS]: allowed("0-63") }))).toBe(MAX_WORKERS);
  });
});

function allowed(list: string): string {
  return `Name:\tnode\nCpus_allowed:\tff\nCpus_allowed_list:\t${list}\n`;
}

function files(texts: Readonly<Record<string, string>>) {
  return (path: string): string | undefined => texts[path];
}
