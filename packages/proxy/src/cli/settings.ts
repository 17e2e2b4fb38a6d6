import { type LoadedSettings, loadSettings } from "../config/load.ts";
import type { Settings } from "../config/settings.ts";
import type { Arguments, OptionSpecs } from "./arguments.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-code.ts";
import type { Terminal } from "./terminal.ts";

/** For commands that work on the configuration file, wherever it comes from. */
export const CONFIG_OPTION: OptionSpecs = {
  config: { value: "FILE", help: "the configuration file; default: TSP_CONFIG_FILE" },
};

type GoodSettings = Extract<LoadedSettings, { readonly settings: Settings }>;

/** @throws CliError 78 with every mistake, and what is odd: a misspelt name is often the reason */
export function settingsOf(env: Terminal["env"]): GoodSettings {
  const loaded = loadSettings(env);
  if (loaded.mistakes === undefined) return loaded;
  const { mistakes, warnings } = loaded;
  throw new CliError([...mistakes, ...warnings.map((text) => `warning: ${text}`)], EXIT.config);
}

/**
 * Settings for a command that answers no requests, and so needs no API key; `--config` replaces
 * `TSP_CONFIG_FILE`. What is odd about them goes to standard error.
 * @throws CliError 78 with every mistake
 */
export function settingsForTools(args: Arguments, terminal: Terminal): Settings {
  const { API_KEY = UNUSED_API_KEY, TSP_CONFIG_FILE } = terminal.env;
  const configFile = args.text("config") ?? TSP_CONFIG_FILE;
  const env = { ...terminal.env, API_KEY, TSP_CONFIG_FILE: configFile };
  const { settings, warnings, notices } = settingsOf(env);
  for (const remark of [...warnings, ...notices]) terminal.warn(`warning: ${remark}\n`);
  return settings;
}

/** Satisfies the check of settings; nothing listens. */
const UNUSED_API_KEY = "bm90LXVzZWQtaGVy";
