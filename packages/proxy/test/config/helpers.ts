import { loadSettings } from "../../src/config/load.ts";
import type { Environment } from "../../src/config/environment.ts";
import type { Settings } from "../../src/config/settings.ts";

export const API_KEY = "MDEyMzQ1Njc4OTAx";

/** The least that a proxy needs. */
export const LEAST: Environment = { API_KEY, TSP_CONFIG_FILE: "/etc/tsp/config.yaml" };

/** The settings of the least and `env`. */
export function accepted(env: Environment): Settings {
  const { settings, mistakes } = loadSettings({ ...LEAST, ...env });
  if (settings === undefined) throw new TypeError(`no settings: ${mistakes.join("\n")}`);
  return settings;
}

/** The mistakes of the least and `env`. */
export function refused(env: Environment): readonly string[] {
  const { mistakes } = loadSettings({ ...LEAST, ...env });
  if (mistakes === undefined) throw new TypeError("no mistakes");
  return mistakes;
}
