import { DataFolder, type ConfigurationDocument } from "@tenant-security/testkit";
import { onTestFinished } from "vitest";
import { runCli } from "../../src/cli/cli.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import type { FileSecretStore } from "../../src/file-source/secrets/secret-store.ts";
import { FileSource } from "../../src/file-source/source.ts";
import { FakeTerminal } from "./fake-terminal.ts";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line in this process; nothing of the real environment reaches it. */
export async function run(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const terminal = new FakeTerminal(env);
  const code = await runCli(COMMANDS, args, terminal);
  return { code, out: terminal.out, err: terminal.err };
}

/** A folder that goes when the test ends, with this configuration. */
export function aFolder(document?: (folder: DataFolder) => ConfigurationDocument): DataFolder {
  const folder = new DataFolder();
  onTestFinished(() => folder.remove());
  if (document !== undefined) folder.configure(document(folder));
  return folder;
}

export interface FolderSecrets {
  /** Runs `secrets <command>`. */
  readonly secrets: (command: string, ...args: readonly string[]) => Promise<Ran>;
  /** The same secrets as a proxy finds them. */
  readonly store: () => FileSecretStore;
}

export function secretsIn({ configFile: file }: DataFolder): FolderSecrets {
  return {
    secrets: (command, ...args) => run(["secrets", command, ...args], { TSP_CONFIG_FILE: file }),
    store: () => new FileSource({ file, env: {} }).secrets,
  };
}
