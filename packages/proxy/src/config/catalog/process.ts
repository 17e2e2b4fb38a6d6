import type {
  ChoiceSetting,
  DirectivesSetting,
  IntegerSetting,
  SecretSetting,
  WorkersSetting,
} from "../setting.ts";
import type { LogLevel } from "../settings.ts";

export interface ProcessCatalog {
  readonly API_KEY: SecretSetting;
  readonly API_KEY_2: SecretSetting;
  readonly LOG_LEVEL: ChoiceSetting<LogLevel>;
  readonly RUST_LOG: DirectivesSetting;
  readonly TSP_WORKERS: WorkersSetting;
  readonly TSP_DRAIN_DELAY_MS: IntegerSetting;
  readonly TSP_SHUTDOWN_DEADLINE_MS: IntegerSetting;
}

/** Who may call, what is logged, how the process ends. */
export const PROCESS_SETTINGS: ProcessCatalog = {
  API_KEY: {
    kind: "secret",
    group: "Access",
    required: true,
    about:
      "Key that applications present as `Authorization: cmk <key>`. At least 16 visible ASCII " +
      "characters. Alloy clients also need it to be base64 of at least 12 bytes.",
    since: "original",
  },
  API_KEY_2: {
    kind: "secret",
    group: "Access",
    about: "Second key that is accepted as well, while `API_KEY` is being rotated.",
    since: "original",
  },
  LOG_LEVEL: {
    kind: "choice",
    group: "Logs",
    default: "info",
    choices: ["trace", "debug", "info", "warn", "error", "fatal", "silent"],
    about: "Least severe level that is logged. Takes precedence over `RUST_LOG`.",
    since: "0.1",
  },
  RUST_LOG: {
    kind: "directives",
    group: "Logs",
    about:
      "Log level in the notation of the original: `debug` or `info,tsp=debug`. The directive " +
      "without a target counts; where there is none, the most verbose one. `off` is `silent`.",
    since: "original",
  },
  TSP_WORKERS: {
    kind: "workers",
    group: "Processes",
    min: 1,
    max: 64,
    standard: "the CPUs it may use, at most 8",
    about:
      "Processes that serve requests. With `1` there is no other process; with more, one keeps the " +
      "configuration, the event socket and the health port, and these serve.",
    since: "0.1",
  },
  TSP_DRAIN_DELAY_MS: {
    kind: "integer",
    group: "Stopping",
    unit: "ms",
    default: 2_000,
    min: 0,
    max: 600_000,
    about: "Pause between `/ready` turning 500 and the end of listening, for load balancers.",
    since: "0.1",
  },
  TSP_SHUTDOWN_DEADLINE_MS: {
    kind: "integer",
    group: "Stopping",
    unit: "ms",
    default: 20_000,
    min: 100,
    max: 3_600_000,
    about:
      "Time from the signal to the end of the process, the pause included. What is not done by " +
      "then is cut off, and the exit code is 1.",
    since: "0.1",
  },
};
