import type { PlainVariable } from "./variables.ts";

/** Variables that the manifests set themselves, as other parts of a manifest depend on them. */
export type OwnedVariable = Extract<
  PlainVariable,
  | "TSP_CONFIG_FILE"
  | "TSP_TLS_CERT_FILE"
  | "TSP_TLS_KEY_FILE"
  | "TSP_HTTP_BIND_ADDRESS"
  | "TSP_HEALTH_BIND_ADDRESS"
  | "TSP_EVENT_BIND_ADDRESS"
  | "TSP_ENABLE_LOGDRIVER_INTEGRATION"
  | "TSP_EVENT_MODE"
  | "TSP_EVENT_CURVE_PUBLIC_KEY_FILE"
  | "TSP_EVENT_CURVE_SECRET_KEY_FILE"
  | "TSP_DRAIN_DELAY_MS"
  | "TSP_SHUTDOWN_DEADLINE_MS"
>;

/** Variables that `environment` may set. */
export type SettableVariable = Exclude<PlainVariable, OwnedVariable>;

/** What to do instead of setting the variable. */
export const OWNED_VARIABLES: Readonly<Record<OwnedVariable, string>> = {
  TSP_CONFIG_FILE: "use configuration",
  TSP_TLS_CERT_FILE: "use tls",
  TSP_TLS_KEY_FILE: "use tls",
  TSP_HTTP_BIND_ADDRESS: "the ports are fixed; TSP_BIND_ADDRESS changes the address",
  TSP_HEALTH_BIND_ADDRESS: "the ports are fixed; TSP_BIND_ADDRESS changes the address",
  TSP_EVENT_BIND_ADDRESS: "the ports are fixed; TSP_BIND_ADDRESS changes the address",
  TSP_ENABLE_LOGDRIVER_INTEGRATION: "use events.enabled",
  TSP_EVENT_MODE: "use events.mode",
  TSP_EVENT_CURVE_PUBLIC_KEY_FILE: "use events.curveSecret",
  TSP_EVENT_CURVE_SECRET_KEY_FILE: "use events.curveSecret",
  TSP_DRAIN_DELAY_MS: "use stopping.drainDelayMs",
  TSP_SHUTDOWN_DEADLINE_MS: "use stopping.deadlineMs",
};
