import { constants, fstatSync, openSync } from "node:fs";
import { type DestinationStream, type Logger, pino } from "pino";
import type { LogLevel } from "./config/settings.ts";
import { LogDestination } from "./log-destination.ts";

export interface ProcessLog {
  readonly logger: Logger;
  /** Writes what is still in memory; for the last moment of the process. */
  flush(): void;
}

/** More than this waiting for a stalled reader of standard output is dropped, not kept. */
const MAX_PENDING_BYTES = 8 * 1024 * 1024;

/** What a pipe takes as a whole (PIPE_BUF): lines of several processes do not mix. Longer ones are cut. */
const MAX_WRITE_BYTES = 4_096;

/** JSON lines on standard output, written without ever blocking a request on a slow reader. */
export function createProcessLog(level: LogLevel): ProcessLog {
  const destination = new LogDestination({
    fd: neverBlocking(process.stdout.fd),
    maxPendingBytes: MAX_PENDING_BYTES,
    maxWriteBytes: MAX_WRITE_BYTES,
  });
  return { logger: createLogger(level, destination), flush: () => destination.flush() };
}

/**
 * A process cannot end while one of its threads is in a write that blocks. Node makes pipes and sockets
 * non-blocking, but for all processes that share them, and takes it back when one of those starts another.
 */
function neverBlocking(fd: number): number {
  try {
    if (!fstatSync(fd).isFIFO()) return fd;
    // The same pipe, opened once more for this process alone.
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return fd;
  }
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
