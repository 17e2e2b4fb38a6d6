import type { BooleanSetting, ChoiceSetting, FileSetting, IntegerSetting } from "../setting.ts";
import type { Settings } from "../settings.ts";

export interface EventCatalog {
  readonly TSP_ENABLE_LOGDRIVER_INTEGRATION: BooleanSetting;
  readonly TSP_EVENT_MODE: ChoiceSetting<Settings["events"]["mode"]>;
  readonly TSP_EVENT_LOG_CHANNEL_SIZE: IntegerSetting;
  readonly TSP_SEND_HIGH_WATER_MARK: IntegerSetting;
  readonly TSP_SEND_LOGGING_TIMEOUT_MS: IntegerSetting;
  readonly TSP_EVENT_CURVE_PUBLIC_KEY_FILE: FileSetting;
  readonly TSP_EVENT_CURVE_SECRET_KEY_FILE: FileSetting;
}

/** The stream of security events. */
export const EVENT_SETTINGS: EventCatalog = {
  TSP_ENABLE_LOGDRIVER_INTEGRATION: {
    kind: "boolean",
    group: "Security events",
    default: true,
    about: "Whether security events are kept and sent. `false` opens no socket.",
    since: "original",
  },
  TSP_EVENT_MODE: {
    kind: "choice",
    group: "Security events",
    default: "drop",
    choices: ["drop", "require"],
    about:
      "What happens when an event cannot be queued: `drop` counts it, `require` refuses the " +
      "operation with code 301 before any key leaves.",
    since: "0.1",
  },
  TSP_EVENT_LOG_CHANNEL_SIZE: {
    kind: "integer",
    group: "Security events",
    unit: "events",
    default: 25_000,
    min: 1,
    max: 10_000_000,
    about: "Events held in this process before new ones are dropped or refused.",
    since: "original",
  },
  TSP_SEND_HIGH_WATER_MARK: {
    kind: "integer",
    group: "Security events",
    unit: "events",
    default: 25_000,
    min: 1,
    max: 10_000_000,
    about: "Events that the socket holds for each connected reader.",
    since: "original",
  },
  TSP_SEND_LOGGING_TIMEOUT_MS: {
    kind: "integer",
    group: "Security events",
    unit: "ms",
    default: 25,
    min: 0,
    max: 60_000,
    about: "How long one event may wait for the socket. No request waits for it.",
    since: "original",
  },
  TSP_EVENT_CURVE_PUBLIC_KEY_FILE: {
    kind: "file",
    group: "Security events",
    pair: "TSP_EVENT_CURVE_SECRET_KEY_FILE",
    about: "File with the socket's public CURVE key (40 characters Z85). Encrypts the stream.",
    since: "0.1",
  },
  TSP_EVENT_CURVE_SECRET_KEY_FILE: {
    kind: "file",
    group: "Security events",
    pair: "TSP_EVENT_CURVE_PUBLIC_KEY_FILE",
    about: "File with the socket's secret CURVE key (40 characters Z85).",
    since: "0.1",
  },
};
