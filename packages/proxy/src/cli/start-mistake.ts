import { EventQueueError } from "@tenant-security/event-queue";
import type { Settings } from "../config/settings.ts";
import { FileSourceError } from "../file-source/file-source-error.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-code.ts";
import { explainSystemError } from "./system-error.ts";

/**
 * What the user can do about an error that kept the service from starting: one line for each
 * mistake, exit code 78. Errors that only a change of this program can mend come back as they are.
 */
export function startMistake(cause: unknown, settings?: Settings): unknown {
  if (cause instanceof FileSourceError) {
    return new CliError(cause.mistakes, EXIT.config, { cause });
  }
  if (!EventQueueError.is(cause) && isBug(cause)) return cause;
  const setting = settings && addressSetting(cause, settings);
  const reason = explainSystemError(cause);
  return new CliError(setting ? `${setting}: ${reason}` : reason, EXIT.config, { cause });
}

/** The setting whose address cannot be opened, so that nobody has to know whose port it is. */
function addressSetting(cause: unknown, { http, health }: Settings): string | undefined {
  if (EventQueueError.is(cause)) {
    return cause.code === "BIND_FAILED" ? "TSP_EVENT_BIND_ADDRESS" : undefined;
  }
  if (!(cause instanceof Error) || !("port" in cause)) return undefined;
  if (cause.port === http.address.port) return "TSP_HTTP_BIND_ADDRESS";
  return cause.port === health.address.port ? "TSP_HEALTH_BIND_ADDRESS" : undefined;
}

function isBug(error: unknown): boolean {
  return (
    !(error instanceof Error) ||
    error instanceof TypeError ||
    error instanceof ReferenceError ||
    error instanceof SyntaxError
  );
}
