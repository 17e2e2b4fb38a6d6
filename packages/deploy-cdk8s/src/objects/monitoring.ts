import { ApiObject } from "cdk8s";
import type { Construct } from "constructs";
import { CONTRACT } from "../contract.ts";
import type { MonitoringPlan, Plan } from "../plan.ts";
import { metadata, selector } from "./labels.ts";

const API_VERSION = "monitoring.coreos.com/v1";

export function monitor(scope: Construct, plan: Plan, monitoring: MonitoringPlan): ApiObject {
  const { kind, labels } = monitoring;
  const endpoints = kind === "PodMonitor" ? "podMetricsEndpoints" : "endpoints";
  return new ApiObject(scope, "monitor", {
    apiVersion: API_VERSION,
    kind,
    metadata: metadata(plan, "", labels),
    spec: {
      // The job is called like the deployment, whichever kind of monitor found it.
      jobLabel: "app",
      selector: { matchLabels: selector(plan) },
      [endpoints]: [endpoint(monitoring)],
    },
  });
}

function endpoint({ interval, tls }: MonitoringPlan): object {
  return {
    port: "http",
    path: CONTRACT.metricsPath,
    interval,
    ...(tls && {
      scheme: "https",
      tlsConfig: {
        ca: { secret: { name: tls.caSecret, key: tls.caKey } },
        serverName: tls.serverName,
      },
    }),
  };
}

export function alertRules(
  scope: Construct,
  plan: Plan,
  { groups, labels }: NonNullable<Plan["alerts"]>,
): ApiObject {
  return new ApiObject(scope, "alert-rules", {
    apiVersion: API_VERSION,
    kind: "PrometheusRule",
    metadata: metadata(plan, "", labels),
    spec: { groups },
  });
}
