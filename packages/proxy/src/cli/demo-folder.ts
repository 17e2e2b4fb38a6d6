import {
  createDemoData,
  type DemoData,
  DemoDataError,
  readDemoEnvironment,
} from "../demo/demo-data.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-code.ts";
import { explainSystemError } from "./system-error.ts";
import type { Terminal } from "./terminal.ts";

/** Makes the demo data unless they are there. @throws CliError 78 */
export function demoDataIn(folder: string): DemoData {
  return orConfigError(`the demo data in ${folder} cannot be made`, () => createDemoData(folder));
}

/** The demo's settings under those of the environment, where an empty one counts as not set. */
export function demoEnvironment(data: DemoData, env: Terminal["env"]): Terminal["env"] {
  const demo = orConfigError("the demo's settings cannot be read", () => readDemoEnvironment(data));
  const own = Object.entries(env).filter(([, value]) => value !== undefined && value !== "");
  return { ...demo, ...Object.fromEntries(own) };
}

function orConfigError<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    const reason =
      cause instanceof DemoDataError ? cause.message : `${what}: ${explainSystemError(cause)}`;
    throw new CliError(reason, EXIT.config, { cause });
  }
}
