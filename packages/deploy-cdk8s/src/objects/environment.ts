import type { k8s } from "cdk8s-plus-27";
import type { Plan } from "../plan.ts";
import type { OwnedVariable } from "../props/owned.ts";
import { FOLDERS } from "./mounts.ts";

/** Variables of the container that are no secret. They win over those of the Secret. */
export function environment(plan: Plan): k8s.EnvVar[] {
  const variables = { ...logging(plan), ...owned(plan), ...plan.environment };
  return Object.entries(variables).map(([name, value]) => ({ name, value }));
}

/** As in the original's manifests, unless a level was chosen. */
function logging({ environment: { LOG_LEVEL } }: Plan): Record<string, string> {
  return LOG_LEVEL === undefined ? { RUST_LOG: "info" } : {};
}

/** What other parts of the manifests depend on is said even where it is the proxy's default. */
function owned({ configuration, tls, events, stopping }: Plan): Owned {
  return {
    TSP_CONFIG_FILE: `${FOLDERS.configuration}/${configuration.fileName}`,
    ...(tls && {
      TSP_TLS_CERT_FILE: `${FOLDERS.tls}/tls.crt`,
      TSP_TLS_KEY_FILE: `${FOLDERS.tls}/tls.key`,
    }),
    TSP_ENABLE_LOGDRIVER_INTEGRATION: String(events.enabled),
    ...(events.enabled && { TSP_EVENT_MODE: events.mode }),
    ...(events.enabled &&
      events.curveSecret !== undefined && {
        TSP_EVENT_CURVE_PUBLIC_KEY_FILE: `${FOLDERS.curve}/public.key`,
        TSP_EVENT_CURVE_SECRET_KEY_FILE: `${FOLDERS.curve}/secret.key`,
      }),
    TSP_DRAIN_DELAY_MS: String(stopping.drainDelayMs),
    TSP_SHUTDOWN_DEADLINE_MS: String(stopping.deadlineMs),
  };
}

type Owned = Partial<Record<OwnedVariable, string>>;
