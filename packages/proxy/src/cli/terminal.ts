/** What a subcommand knows of the process it runs in. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;

  /** Results, to standard output. */
  print(text: string): void;

  /** Everything a program that reads the results must not see, to standard error. */
  warn(text: string): void;

  /** Standard input to its end. Rejects with a `CliError` when it is longer than `maxBytes`. */
  readInput(maxBytes: number): Promise<string>;

  /** Fires when someone wants the command to end: Ctrl-C, SIGTERM. */
  readonly signal: AbortSignal;
}
