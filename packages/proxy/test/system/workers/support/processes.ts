import { childrenOf, type Proxy } from "@tenant-security/testkit";
import { eventually } from "../../support/eventually.ts";

/** The serving processes of a proxy, once there are `count`. */
export async function workersOf({ program }: Proxy, count: number): Promise<readonly number[]> {
  const look = () => childrenOf(program.process.pid ?? 0);
  const workers = await eventually(look, (found) => found.length === count);
  if (workers.length !== count) throw new Error(`${workers.length} workers, not ${count}`);
  return workers;
}
