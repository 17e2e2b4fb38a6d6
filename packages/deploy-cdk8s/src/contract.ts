/**
 * What the proxy promises to whoever deploys it: ports, paths, and the names that objects refer
 * to. The package imports nothing of the proxy; its tests compare this with a running one.
 */
export interface DeploymentContract {
  /** API and `/metrics`, probes, security events. */
  readonly ports: { readonly http: 7777; readonly health: 9000; readonly logdriver: 5555 };
  /** On the health port. */
  readonly probes: { readonly live: "/live"; readonly ready: "/ready"; readonly health: "/health" };
  /** On the HTTP port. */
  readonly metricsPath: "/metrics";
  /** Pods metric to scale on, summed over its labels. */
  readonly scalingMetric: "tsp_requests_in_flight";
  /** Kubernetes Secret with `API_KEY` and the other variables that are secret. */
  readonly secretName: "tsp-secrets";
  /** Kubernetes Secret with the configuration file and the files it refers to. */
  readonly configurationSecretName: "tsp-config";
  /** Folder that the proxy keeps next to its configuration file. */
  readonly tenantSecretsFolder: "tenant-secrets";
  /** How long the proxy takes to stop when nobody says otherwise, in milliseconds. */
  readonly stopping: { readonly drainDelayMs: 2_000; readonly deadlineMs: 20_000 };
}

/** The contract of this version of the proxy. */
export const CONTRACT: DeploymentContract = {
  ports: { http: 7777, health: 9000, logdriver: 5555 },
  probes: { live: "/live", ready: "/ready", health: "/health" },
  metricsPath: "/metrics",
  scalingMetric: "tsp_requests_in_flight",
  secretName: "tsp-secrets",
  configurationSecretName: "tsp-config",
  tenantSecretsFolder: "tenant-secrets",
  stopping: { drainDelayMs: 2_000, deadlineMs: 20_000 },
};
