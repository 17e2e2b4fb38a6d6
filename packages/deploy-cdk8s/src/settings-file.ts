import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { load, YAMLException } from "js-yaml";
import { PropsError } from "./errors.ts";
import type { TenantSecurityProxyProps } from "./props/props.ts";
import { checkProps } from "./validation/check-props.ts";

type Members = Readonly<Record<string, unknown>>;

/**
 * Reads the props from a YAML file. Beyond what the interface says, `alerts.rulesFile` may name a
 * rule file of Prometheus or a PrometheusRule, relative to this file, in place of `alerts.groups`.
 * @throws PropsError with every mistake
 */
export async function readSettings(file: string): Promise<TenantSecurityProxyProps> {
  const settings = await readYaml(file, "settings");
  return checkProps(await withRules(settings, dirname(file)));
}

async function withRules(settings: unknown, folder: string): Promise<unknown> {
  if (!isMembers(settings) || !isMembers(settings["alerts"])) return settings;
  const { rulesFile, ...alerts } = settings["alerts"];
  if (rulesFile === undefined) return settings;
  const path = "alerts.rulesFile";
  if (typeof rulesFile !== "string") throw mistake(path, "must be the path of a file");
  if (alerts["groups"] !== undefined) throw mistake(path, "cannot stand beside alerts.groups");
  const groups = groupsOf(await readYaml(resolve(folder, rulesFile), path));
  if (groups === undefined) throw mistake(path, `${rulesFile} has no groups of rules`);
  return { ...settings, alerts: { ...alerts, groups } };
}

/** Of a rule file, or of the object around one that the operator reads. */
function groupsOf(rules: unknown): unknown {
  if (!isMembers(rules)) return undefined;
  return rules["kind"] === "PrometheusRule" ? groupsOf(rules["spec"]) : rules["groups"];
}

async function readYaml(file: string, path: string): Promise<unknown> {
  try {
    return load(await readFile(file, "utf8"), { filename: file });
  } catch (error) {
    // The lines below the first one show the place again, as a drawing.
    if (error instanceof YAMLException) throw mistake(path, error.message.split("\n", 1).join());
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw mistake(path, `${file} cannot be read: ${code}`);
  }
}

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function mistake(path: string, message: string): PropsError {
  return new PropsError([{ path, message }]);
}
