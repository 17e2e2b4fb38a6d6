import { loadSettings } from "../config/load.ts";
import type { Settings } from "../config/settings.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-code.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Settings of the environment; what is odd about them goes to standard error.
 * @throws CliError 78 with every mistake
 */
export function readSettings({ env, warn }: Pick<Terminal, "env" | "warn">): Settings {
  const { settings, mistakes, warnings, notices } = loadSettings(env);
  for (const remark of [...warnings, ...notices]) warn(`warning: ${remark}\n`);
  if (settings === undefined) throw new CliError(mistakes, EXIT.config);
  return settings;
}
