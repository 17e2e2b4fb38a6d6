import { chmodSync, readdirSync } from "node:fs";
import { DataFolder } from "@tenant-security/testkit";
import { localTenants } from "../../../packages/proxy/test/system/support/world.ts";

/** Where containers find the configuration file and the keys beside it. */
export const MOUNTED = "/etc/tenant-security";

/** Tenants on the embedded KMS, in files that every user of a container may read. */
export function readableFolder(): DataFolder {
  const folder = new DataFolder();
  folder.configure(localTenants(folder));
  chmodSync(folder.path, 0o755);
  for (const name of readdirSync(folder.path)) chmodSync(folder.file(name), 0o644);
  return folder;
}
