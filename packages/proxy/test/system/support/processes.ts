import { childrenOf, type Proxy } from "@tenant-security/testkit";

/** All processes of a proxy: the one that was started, and its workers where it has any. */
export function processesOf({ program }: Proxy): readonly number[] {
  const { pid = 0 } = program.process;
  return [pid, ...childrenOf(pid)];
}
