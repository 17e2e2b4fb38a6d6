/** Exit codes of every subcommand; the names are those of `sysexits.h`. */
export const EXIT = {
  ok: 0,
  /** The command ran and found something wrong, or a deadline cut something off. */
  failed: 1,
  /** The command line cannot be understood. */
  usage: 64,
  /** An error nobody expected. */
  software: 70,
  /** Wrong settings, an unusable file, a port in use: nothing works until someone changes it. */
  config: 78,
} as const;

export type ExitCode = number;
