import { DataFolder, type Proxy, startProxy } from "@tenant-security/testkit";
import { afterAll, beforeAll } from "vitest";
import { localTenants } from "./world.ts";

export interface SharedProxy extends Proxy {
  readonly folder: DataFolder;
}

/**
 * One proxy for all tests of a file, started before the first and stopped after the last. What it
 * gives is filled in by then: read it inside tests only.
 */
export function sharedProxy(env: Readonly<Record<string, string>> = {}): SharedProxy {
  const shared = {} as SharedProxy;

  beforeAll(async () => {
    const folder = new DataFolder();
    folder.configure(localTenants(folder));
    Object.assign(shared, { folder });
    Object.assign(shared, await startProxy({ folder, env }));
  });
  afterAll(async () => {
    await shared.program?.stop();
    shared.folder?.remove();
  });
  return shared;
}
