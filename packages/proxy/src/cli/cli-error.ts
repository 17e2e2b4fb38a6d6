import { EXIT, type ExitCode } from "./exit-code.ts";

/** Ends a command with lines for the user and an exit code. */
export class CliError extends Error {
  static {
    this.prototype.name = "CliError";
  }

  readonly lines: readonly string[];
  readonly exitCode: ExitCode;

  constructor(lines: string | readonly string[], exitCode: ExitCode, options?: ErrorOptions) {
    const list = typeof lines === "string" ? [lines] : lines;
    super(list.join("\n"), options);
    this.lines = list;
    this.exitCode = exitCode;
  }
}

/** The command line cannot be understood; shown together with the usage. */
export class UsageError extends CliError {
  static {
    this.prototype.name = "UsageError";
  }

  constructor(message: string) {
    super(message, EXIT.usage);
  }
}
