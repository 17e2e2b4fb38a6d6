import pLimit from "p-limit";
import type { Arguments } from "../arguments.ts";
import { UsageError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import type { StepResult, TrialResult } from "../kms-trial.ts";
import { CONFIG_OPTION, settingsForTools } from "../settings.ts";
import type { Terminal } from "../terminal.ts";
import type { Toolbox } from "../toolbox.ts";

/** Configurations tried at once: enough to hide latency, too few to be throttled. */
const AT_ONCE = 8;

export const verifyCommand: Command = {
  name: "verify",
  summary: "wraps and unwraps once with each KMS configuration, says what works",
  synopsis: "[--config FILE] [--configuration ID] [--json]",
  description: `
Tries every KMS configuration of the configuration file: wraps a random key and unwraps it again. Says
for each one what works, or why not and which permission may be missing. Nothing is stored, and no
tenant's key is touched; the calls appear in the tenants' own audit logs.

Reads TSP_CONFIG_FILE and the TSP_KMS_ settings. Needs no API key and opens no port.`,
  options: {
    ...CONFIG_OPTION,
    configuration: { value: "ID", help: "tries this configuration only" },
    json: { help: "prints one JSON object a line" },
  },
  exitCodes: {
    0: "everything works",
    1: "a configuration does not work",
    64: "wrong arguments",
    78: "wrong settings, or a configuration file that cannot be used",
  },

  run: async (args: Arguments, terminal: Terminal): Promise<ExitCode> => {
    const { withToolbox } = await import("../toolbox.ts");
    const results = await withToolbox(settingsForTools(args, terminal), terminal, (toolbox) =>
      tryAll(toolbox, args, terminal),
    );
    const { hasFailed } = await import("../kms-trial.ts");
    const failed = results.filter(hasFailed).length;
    terminal.warn(`${results.length - failed} of ${results.length} configurations work.\n`);
    return failed === 0 ? EXIT.ok : EXIT.failed;
  },
};

async function tryAll(
  { source, kms }: Toolbox,
  args: Arguments,
  terminal: Terminal,
): Promise<readonly TrialResult[]> {
  const { tryConfiguration } = await import("../kms-trial.ts");
  const wanted = args.text("configuration");
  const configurations = [...(source.loaded?.snapshot.configurations() ?? [])].filter(
    ({ id }) => wanted === undefined || String(id) === wanted,
  );
  if (wanted !== undefined && configurations.length === 0) {
    throw new UsageError(`there is no KMS configuration ${wanted}`);
  }
  const limit = pLimit(AT_ONCE);
  const trials = configurations.map((configuration) =>
    limit(() => tryConfiguration(kms, configuration, terminal.signal)),
  );
  // In the order of the file, each as soon as those before it are done.
  for (const trial of trials) terminal.print(shown(await trial, args.flag("json")));
  return Promise.all(trials);
}

function shown(result: TrialResult, json: boolean): string {
  if (json) return `${JSON.stringify(result)}\n`;
  const { configurationId, type, wrap, unwrap } = result;
  return `configuration ${configurationId} (${type})\n${line("wrap", wrap)}${line("unwrap", unwrap)}`;
}

function line(operation: string, step: StepResult): string {
  const name = `  ${operation.padEnd(8)}`;
  if (step.result === "works") return `${name}works, ${step.ms} ms\n`;
  if (step.result === "not tried") return `${name}not tried\n`;
  const hint = step.hint === "" ? "" : `${" ".repeat(name.length)}it needs ${step.hint}\n`;
  return `${name}FAILED with code ${step.code}: ${step.reason}\n${hint}`;
}
