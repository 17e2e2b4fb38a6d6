import { type DestinationStream, type Logger, pino } from "pino";
import type { LogLevel } from "./config/settings.ts";

export interface ProcessLog {
  readonly logger: Logger;
  /** Writes what is still in memory; for the last moment of the process. */
  flush(): void;
}

/** More than this waiting for a stalled reader of standard output is dropped, not kept. */
const MAX_PENDING_BYTES = 8 * 1024 * 1024;

/** What a pipe takes as a whole (PIPE_BUF): lines of several processes do not mix. */
const MAX_WRITE_BYTES = 4_096;

/** JSON lines on standard output, written without ever blocking a request on a slow reader. */
export function createProcessLog(level: LogLevel): ProcessLog {
  const destination = pino.destination({
    dest: 1,
    sync: false,
    maxLength: MAX_PENDING_BYTES,
    maxWrite: MAX_WRITE_BYTES,
  });
  return {
    logger: createLogger(level, destination),
    flush() {
      try {
        destination.flushSync();
      } catch {
        // Standard output is gone, and with it everyone who could be told.
      }
    },
  };
}

function createLogger(level: LogLevel, destination: DestinationStream): Logger {
  return pino(
    {
      level,
      messageKey: "message",
      base: { service: "proxy" },
      timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      // Nothing logs a request or its headers; should someone add it, the key stays out.
      redact: ["req.headers.authorization", "headers.authorization", "authorization"],
    },
    destination,
  );
}
