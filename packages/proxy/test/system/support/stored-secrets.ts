import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DataFolder } from "@tenant-security/testkit";

/** Paths of the tenant secrets that the file source keeps next to its configuration file. */
export function storedSecrets(folder: DataFolder): readonly string[] {
  return readdirSync(folder.path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path, "latin1").includes('"encryptedSecret"'));
}
