/**
 * What the proxy promises to whoever deploys it: ports, probe paths and the names Kubernetes objects
 * refer to (seed: "Example Kubernetes Deployment"). A test compares the ports with the proxy's own.
 */
export interface DeploymentContract {
  readonly ports: { readonly http: 7777; readonly health: 9000; readonly logdriver: 5555 };
  readonly probes: { readonly live: "/live"; readonly ready: "/ready"; readonly health: "/health" };
  readonly metricsPath: "/metrics";
  /** Kubernetes Secret with `API_KEY` and the other variables that are secret. */
  readonly secretName: "tsp-secrets";
}

export const CONTRACT: DeploymentContract = {
  ports: { http: 7777, health: 9000, logdriver: 5555 },
  probes: { live: "/live", ready: "/ready", health: "/health" },
  metricsPath: "/metrics",
  secretName: "tsp-secrets",
};
