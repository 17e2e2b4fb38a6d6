import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { encodeEdek } from "../../../src/edek/codec.ts";
import {
  FileSecretStore,
  type FileSecretStoreOptions,
} from "../../../src/file-source/secrets/secret-store.ts";
import type { SecretKey } from "../../../src/tenants/source.ts";
import { TestFolder } from "../helpers.ts";

export const KEY: SecretKey = {
  tenantId: "acme",
  secretType: "deterministic",
  secretPath: "users/email",
};

/** A store in a folder of its own, and others over the same folder, as other processes have. */
export function subject(): {
  readonly folder: TestFolder;
  readonly store: FileSecretStore;
  readonly again: () => FileSecretStore;
} {
  const folder = new TestFolder();
  const options = { settleMs: 0 };
  return { folder, store: open(folder, options), again: () => open(folder, options) };
}

export function open(
  folder: TestFolder,
  options: Partial<FileSecretStoreOptions> = {},
): FileSecretStore {
  return new FileSecretStore({ folder: folder.file("tenant-secrets"), ...options });
}

export function edek(kmsConfigId: number): Buffer {
  return encodeEdek({ data: Buffer.from("wrapped"), kmsConfigId, lease: undefined });
}

/** One of several, in turn. */
export function pick<T>(list: readonly T[], index: number): T {
  const item = list[index % list.length];
  if (item === undefined) throw new TypeError("nothing to pick from");
  return item;
}

/** Folders of all paths. */
export function secretFolders(folder: TestFolder): readonly string[] {
  const store = folder.file("tenant-secrets");
  const names = readdirSync(store).filter((name) => name.length === 64);
  return names.map((name) => join(store, name));
}

/** The folder of `KEY`'s path. */
export function folderOf(folder: TestFolder): string {
  const mine = secretFolders(folder).find((path) =>
    readdirSync(path).some((name) => {
      const content = readFileSync(join(path, name), "utf8");
      return content.includes('"users/email"') && content.includes('"acme"');
    }),
  );
  if (mine === undefined) throw new TypeError("no folder");
  return mine;
}
