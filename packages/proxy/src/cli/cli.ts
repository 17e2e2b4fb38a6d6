import { parseArguments } from "./arguments.ts";
import { CliError, UsageError } from "./cli-error.ts";
import type { Command } from "./command.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { commandHelp, groupHelp, PROGRAM, programHelp, usageLine } from "./help.ts";
import type { Terminal } from "./terminal.ts";
import { packageVersion } from "../version.ts";

const HELP = new Set(["--help", "-h", "help"]);
const VERSION = new Set(["--version", "-v", "version"]);

/** Runs what `args` (without Node and the program) ask for. Never rejects for a user's mistake. */
export async function runCli(
  commands: readonly Command[],
  args: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  const [first = "", second = ""] = args;
  if (HELP.has(first)) return shown(terminal, programHelp(commands));
  if (VERSION.has(first)) return shown(terminal, `${packageVersion()}\n`);

  const command =
    commands.find(({ name }) => name === `${first} ${second}`) ??
    commands.find(({ name }) => name === first);
  if (command !== undefined) return runCommand(command, args, terminal);

  const group = commands.filter(({ name }) => name.startsWith(`${first} `));
  if (group.length > 0 && HELP.has(second)) return shown(terminal, groupHelp(first, group));
  if (group.length > 0) {
    complain(terminal, [
      second === "" ? "a command is missing" : `unknown command "${first} ${second}"`,
    ]);
    terminal.warn(groupHelp(first, group));
    return EXIT.usage;
  }
  complain(terminal, [first === "" ? "a command is missing" : `unknown command "${first}"`]);
  terminal.warn(programHelp(commands));
  return EXIT.usage;
}

async function runCommand(
  command: Command,
  args: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  const own = args.slice(command.name.split(" ").length);
  if (own.includes("--help") || own.includes("-h")) return shown(terminal, commandHelp(command));
  try {
    return await command.run(parseArguments(command, own), terminal);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    complain(terminal, error.lines);
    if (error instanceof UsageError) {
      terminal.warn(`${usageLine(command)}\nTry: ${PROGRAM} ${command.name} --help\n`);
    }
    return error.exitCode;
  }
}

function shown(terminal: Terminal, text: string): ExitCode {
  terminal.print(text);
  return EXIT.ok;
}

function complain(terminal: Terminal, lines: readonly string[]): void {
  for (const line of lines) terminal.warn(`${PROGRAM}: ${line}\n`);
}
