import { EventQueueError } from "@tenant-security/event-queue";
import { FileSourceError } from "../file-source/file-source-error.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-code.ts";
import { explainSystemError } from "./system-error.ts";

/**
 * What the user can do about an error that kept the service from starting: one line for each
 * mistake, exit code 78. Errors that only a change of this program can mend come back as they are.
 */
export function startMistake(cause: unknown): unknown {
  if (cause instanceof FileSourceError) {
    return new CliError(cause.mistakes, EXIT.config, { cause });
  }
  if (!EventQueueError.is(cause) && isBug(cause)) return cause;
  return new CliError(explainSystemError(cause), EXIT.config, { cause });
}

function isBug(error: unknown): boolean {
  return (
    !(error instanceof Error) ||
    error instanceof TypeError ||
    error instanceof ReferenceError ||
    error instanceof SyntaxError
  );
}
