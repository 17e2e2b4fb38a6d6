import { Socket } from "node:net";
import { loadSettings } from "../config/load.ts";
import { createProcessLog } from "../log.ts";
import type { Handover, ToPrimary, ToWorker } from "./calls.ts";
import { type Handlers, Link } from "./link.ts";
import { TransportKey } from "./transport-key.ts";
import { WorkerService } from "./worker-service.ts";

/** Where the primary put the pipe for events: see `fleet.ts`. */
const EVENT_PIPE = 4;

/** And the mirror of what is counted; where there is none, it is a file that keeps nothing. */
const MIRROR = 5;

const EXIT_CRASHED = 70;

/** How long a last word to the primary may take. */
const LAST_WORD_MS = 250;

const { settings } = loadSettings(process.env);
if (settings === undefined) throw new TypeError("the primary started with settings that are wrong");
const log = createProcessLog(settings.logLevel);
const pipe = new Socket({ fd: EVENT_PIPE, readable: true, writable: true });
pipe.on("error", () => {});

let service: WorkerService | undefined;

const handlers: Partial<Handlers<ToWorker>> = {
  async begin({ slot, workers }) {
    const transport = await TransportKey.receive(pipe);
    const logger = log.logger.child({ worker: slot });
    const options = {
      slot,
      workers,
      settings,
      env: process.env,
      logger,
      link,
      pipe,
      mirror: MIRROR,
      transport,
    };
    service = new WorkerService(options);
    const answers = service.handlers();
    link.handle({
      ...answers,
      async close(argument) {
        const state = await answers.close(argument);
        // The answer goes out first.
        setImmediate(() => pipe.end(() => process.disconnect()));
        return state;
      },
    });
    return null;
  },
};

// A state that nobody thought of: the worker is replaced by a fresh one.
const link = new Link<ToPrimary, ToWorker>(process, handlers, crash);

process.on("message", (message: Partial<Handover>, socket) => {
  const { connection, beyondLimit = false } = message;
  if (connection === undefined) return;
  service?.adopt({ connection, beyondLimit }, socket instanceof Socket ? socket : undefined);
});

function leave(exitCode: number): never {
  log.flush();
  process.exit(exitCode);
}

// The primary tells when to end: a terminal signals all of its processes at once.
for (const signal of ["SIGINT", "SIGHUP", "SIGQUIT"] as const) process.on(signal, () => {});
process.on("SIGTERM", () => link.tell("retire", null));
// Node would open a debugger on a port of this machine, to memory that holds keys.
process.on("SIGUSR1", () => {});
// In order, or because the primary is gone: nobody could use what is counted here from then on.
process.on("disconnect", () => leave(0));
// It may have gone while this process was only beginning.
if (!process.connected) leave(0);

function crash(error: unknown): void {
  log.logger.fatal({ err: error }, "unexpected error in a worker, which ends");
  void service?.tell();
  setTimeout(() => leave(EXIT_CRASHED), LAST_WORD_MS);
}

process.on("uncaughtException", crash);
process.on("unhandledRejection", crash);
