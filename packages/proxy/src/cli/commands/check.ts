import { loadSettings } from "../../config/load.ts";
import type { Settings } from "../../config/settings.ts";
import { checkFile } from "../../file-source/check.ts";
import type { Arguments } from "../arguments.ts";
import type { Command } from "../command.ts";
import { driverInspector, settingsFileFindings } from "../file-checks.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { CONFIG_OPTION } from "../settings.ts";
import type { Terminal } from "../terminal.ts";

export const checkCommand: Command = {
  name: "check",
  summary: "reads settings and configuration, reports every mistake",
  synopsis: "[--config FILE]",
  description: `
Reads all settings, the configuration file, and every credential, key and certificate they refer to,
as the proxy would, and prints one line for each mistake, such as a certificate that has ended. It asks no KMS (\`verify\` does), takes none of
the proxy's ports and changes nothing.

Fields that nobody knows are reported and are no reason to fail: the proxy ignores them, too.`,
  options: CONFIG_OPTION,
  exitCodes: {
    0: "the proxy will start, and every KMS configuration can be used as written",
    64: "wrong arguments",
    78: "something is wrong: see the lines",
  },

  run: async (args: Arguments, terminal: Terminal): Promise<ExitCode> => {
    const configFile = args.text("config") ?? terminal.env["TSP_CONFIG_FILE"];
    const env = { ...terminal.env, TSP_CONFIG_FILE: configFile };
    const { settings, mistakes = [], warnings, notices } = loadSettings(env);
    for (const remark of [...warnings, ...notices]) terminal.print(`warning: ${remark}\n`);
    const files = settings && (await settingsFileFindings(settings));
    for (const remark of files?.remarks ?? []) terminal.print(`${remark}\n`);
    const wrong = [...mistakes, ...(files?.mistakes ?? [])];
    if (configFile) wrong.push(...(await fileMistakes(configFile, settings, terminal)));
    for (const mistake of wrong) terminal.print(`${mistake}\n`);
    terminal.warn(wrong.length === 0 ? "No mistakes.\n" : `Mistakes: ${wrong.length}.\n`);
    return wrong.length === 0 ? EXIT.ok : EXIT.config;
  },
};

async function fileMistakes(
  file: string,
  settings: Settings | undefined,
  terminal: Terminal,
): Promise<readonly string[]> {
  const inspect = settings && driverInspector(settings);
  const { env, signal } = terminal;
  const checked = await checkFile({ file, env, signal, ...(inspect && { inspect }) });
  if (checked.mistakes.length > 0) return checked.mistakes;
  terminal.print(
    `${file}: ${checked.tenants} tenants, ${checked.configurations} KMS configurations\n`,
  );
  const ignored = checked.problems.filter(isIgnored);
  for (const problem of ignored) terminal.print(`warning: ${problem}\n`);
  return checked.problems.filter((problem) => !isIgnored(problem));
}

/** Of what is odd about a file, the harmless part: the proxy works as if it were not there. */
function isIgnored(problem: string): boolean {
  return problem.endsWith("ignored");
}
