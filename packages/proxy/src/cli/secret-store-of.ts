import { accessSync, constants } from "node:fs";
import { FileSource } from "../file-source/source.ts";
import type { FileSecretStore } from "../file-source/secrets/secret-store.ts";
import type { Arguments } from "./arguments.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-code.ts";
import { settingsForTools } from "./settings.ts";
import { explainSystemError } from "./system-error.ts";
import type { Terminal } from "./terminal.ts";

/**
 * The store beside the configuration file, for what needs neither tenants nor a KMS.
 * @throws CliError 78 when settings are wrong or there is no such configuration file
 */
export function secretStoreOf(args: Arguments, terminal: Terminal): FileSecretStore {
  const { configFile: file } = settingsForTools(args, terminal).source;
  try {
    // A misspelt path would look like a store without secrets.
    accessSync(file, constants.R_OK);
  } catch (cause) {
    throw new CliError(explainSystemError(cause), EXIT.config, { cause });
  }
  return new FileSource({ file, env: terminal.env }).secrets;
}
