import type { Arguments, OptionSpecs } from "./arguments.ts";
import type { ExitCode } from "./exit-code.ts";
import type { Terminal } from "./terminal.ts";

/** One subcommand. */
export interface Command {
  /** As typed: one word, or two for members of a group (`secrets list`). */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What follows the name on the command line, in the notation of manual pages. */
  readonly synopsis: string;
  /** Everything a user has to know that is not said of a single option. */
  readonly description: string;
  readonly options: OptionSpecs;
  /** The least and the most positional arguments. */
  readonly positionals?: readonly [least: number, most: number];
  /** What each exit code means here. */
  readonly exitCodes: Readonly<Record<number, string>>;

  /** @throws CliError, whose lines are shown and whose exit code is used */
  run(args: Arguments, terminal: Terminal): Promise<ExitCode>;
}
