import { createProcessLog } from "../../log.ts";
import type { Arguments } from "../arguments.ts";
import type { Command } from "../command.ts";
import { demoDataIn, demoEnvironment } from "../demo-folder.ts";
import type { ExitCode } from "../exit-code.ts";
import { followSignals } from "../lifecycle.ts";
import { settingsOf } from "../settings.ts";
import type { Terminal } from "../terminal.ts";

export const startCommand: Command = {
  name: "start",
  summary: "runs the proxy",
  synopsis: "[--demo FOLDER] [--hints]",
  description: `
Runs the proxy until SIGTERM or SIGINT. All settings are environment variables; the two without a
default are API_KEY and TSP_CONFIG_FILE. docs/configuration.md lists them all.

The first signal turns /ready to 500, waits TSP_DRAIN_DELAY_MS, stops listening, and lets requests
and events finish until TSP_SHUTDOWN_DEADLINE_MS. A second one ends the process at once.

Logs are JSON lines on standard output. With --demo or --hints, text for people is among them.`,
  options: {
    demo: {
      value: "FOLDER",
      help:
        "makes demo data in FOLDER unless they are there, and takes from them what the environment " +
        "does not set; implies --hints",
    },
    hints: { help: "prints the addresses and lines to try the proxy with, once it is ready" },
  },
  exitCodes: {
    0: "stopped in order",
    1: "stopped, and the deadline cut something off",
    64: "wrong arguments",
    70: "an unexpected error",
    78: "wrong settings, an unusable file, a port in use or a folder that cannot be written",
    130: "SIGINT came again while it was stopping; 143 for SIGTERM",
  },

  run: async (args: Arguments, terminal: Terminal): Promise<ExitCode> => {
    const folder = args.text("demo");
    const demo = folder === undefined ? undefined : demoDataIn(folder);
    const env = demo === undefined ? terminal.env : demoEnvironment(demo, terminal.env);
    const { settings, warnings, notices } = settingsOf(env);
    const log = createProcessLog(settings.logLevel);
    for (const warning of warnings) log.logger.warn(warning);
    for (const notice of notices) log.logger.info(notice);

    // Loaded here, so that no other command pays for the whole service.
    const { createService } = await import("../../service.ts");
    const { startMistake } = await import("../start-mistake.ts");
    const service = createService(settings, { logger: log.logger, env });
    let stopping = false;
    followSignals({
      stop: () => {
        stopping = true;
        return service.stop();
      },
      onStop: (reason) => log.logger.info({ reason }, "stopping"),
      onError: (error) => log.logger.fatal({ err: error }, "unexpected error, stopping"),
      flush: () => log.flush(),
      deadlineMs: settings.shutdown.deadlineMs,
    });
    const addresses = await service.start().catch((cause: unknown) => {
      // Ended by a signal or an error that was told, and the stop decides about the exit code.
      if (stopping) return new Promise<never>(() => {});
      log.flush();
      throw startMistake(cause, settings);
    });
    if (demo !== undefined || args.flag("hints")) {
      const { signal } = new AbortController();
      const { welcome } = await import("../welcome.ts");
      terminal.print(
        await welcome({ settings, terminal: { env, signal }, addresses, demo: demo !== undefined }),
      );
    }
    // The process ends by a signal.
    return new Promise<never>(() => {});
  },
};
