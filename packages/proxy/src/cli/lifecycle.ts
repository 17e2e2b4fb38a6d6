import { constants } from "node:os";
import closeWithGrace from "close-with-grace";
import { EXIT, type ExitCode } from "./exit-code.ts";

export interface Lifecycle {
  /** Ends everything in order. Resolves with whether a deadline cut something off. */
  stop(): Promise<{ readonly cut: boolean }>;

  /** An error that nobody caught; the process stops in order and exits with 70. */
  onError(error: unknown): void;

  /** Told once, when stopping begins; the reason is a signal's name or `parent gone`. */
  onStop(reason: string): void;

  /** The last thing before the process ends. */
  flush(): void;

  /** Milliseconds after which a stop that hangs is given up. */
  readonly deadlineMs: number;
}

/** What close-with-grace hears beside these asks a process to end. */
const CRASHES = ["SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGSEGV", "SIGILL"] as const;

/** The service has the deadline; this much later it is taken out of its hands. */
const GRACE_MS = 1_000;

/**
 * Ties a service to the signals of this process: the first one stops it in order, the second one
 * ends the process at once. Exits with 0, with 1 when the deadline cut something off, with 70 after
 * an error nobody caught, with 128 + n at a second signal.
 */
export function followSignals(lifecycle: Lifecycle): void {
  const leave = (code: ExitCode): never => {
    lifecycle.flush();
    process.exit(code);
  };
  const { close } = closeWithGrace(
    {
      delay: lifecycle.deadlineMs + GRACE_MS,
      logger: false,
      skip: [...CRASHES, "beforeExit"],
      onSecondSignal: (signal) => leave(128 + constants.signals[signal]),
      onSecondError: () => leave(EXIT.software),
      onTimeout: () => leave(EXIT.failed),
    },
    async ({ signal, err }) => {
      if (err === undefined) lifecycle.onStop(signal ?? "parent gone");
      else lifecycle.onError(err);
      const { cut } = await lifecycle.stop();
      leave(err === undefined ? exitCodeOf(cut) : EXIT.software);
    },
  );
  // Node would open a debugger on a port of this machine, to memory that holds keys.
  process.on("SIGUSR1", () => {});
  // Whoever started us with a channel wants us gone when it is gone, however it ended.
  if (process.connected) {
    process.channel?.unref();
    process.once("disconnect", close);
  }
}

function exitCodeOf(cut: boolean): ExitCode {
  return cut ? EXIT.failed : EXIT.ok;
}
