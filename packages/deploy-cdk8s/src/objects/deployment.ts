import { type ApiObject, JsonPatch } from "cdk8s";
import { k8s } from "cdk8s-plus-27";
import type { Construct } from "constructs";
import { CONTRACT } from "../contract.ts";
import type { Plan } from "../plan.ts";
import { apiObject } from "./api-object.ts";
import { container } from "./container.ts";
import { labels, metadata, selector } from "./labels.ts";
import { mounts } from "./mounts.ts";

/** What the kubelet needs around the proxy's own deadline. */
const GRACE_MARGIN_SECONDS = 5;

export function deployment(scope: Construct, plan: Plan): ApiObject {
  const object = apiObject(scope, "deployment", k8s.KubeDeployment, {
    metadata: metadata(plan),
    spec: {
      // An autoscaler owns the number: a manifest that has one would reset it at every apply.
      ...(plan.autoscaling === undefined && { replicas: plan.replicas }),
      selector: { matchLabels: selector(plan) },
      strategy: {
        type: "RollingUpdate",
        rollingUpdate: {
          maxUnavailable: k8s.IntOrString.fromNumber(0),
          maxSurge: k8s.IntOrString.fromNumber(1),
        },
      },
      template: {
        metadata: {
          labels: { ...labels(plan), ...plan.pod.labels },
          annotations: { ...scrapeAnnotations(plan), ...plan.pod.annotations },
        },
        spec: podSpec(plan),
      },
    },
  });
  const { preStopSleepSeconds: seconds } = plan.stopping;
  if (seconds > 0) {
    // Younger than the types of 1.27; served since 1.30.
    const lifecycle = { preStop: { sleep: { seconds } } };
    object.addJsonPatch(JsonPatch.add("/spec/template/spec/containers/0/lifecycle", lifecycle));
  }
  return object;
}

function podSpec(plan: Plan): k8s.PodSpec {
  const { volumes, volumeMounts } = mounts(plan);
  const { user, nodeSelector, tolerations, priorityClassName, imagePullSecrets } = plan.pod;
  return {
    serviceAccountName: plan.name,
    automountServiceAccountToken: false,
    // The variables of a Service called `tsp` would look like settings of the proxy.
    enableServiceLinks: false,
    terminationGracePeriodSeconds: gracePeriodSeconds(plan),
    securityContext: {
      runAsNonRoot: true,
      runAsUser: user,
      runAsGroup: user,
      fsGroup: user,
      fsGroupChangePolicy: "OnRootMismatch",
      seccompProfile: { type: "RuntimeDefault" },
    },
    topologySpreadConstraints: [
      spread(plan, "topology.kubernetes.io/zone", plan.zones),
      spread(plan, "kubernetes.io/hostname", "preferred"),
    ],
    containers: [container(plan, volumeMounts)],
    volumes,
    ...(nodeSelector && { nodeSelector }),
    ...(tolerations && { tolerations: [...tolerations] }),
    ...(priorityClassName !== undefined && { priorityClassName }),
    ...(imagePullSecrets && { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) }),
  };
}

function gracePeriodSeconds({ stopping: { preStopSleepSeconds, deadlineMs } }: Plan): number {
  return preStopSleepSeconds + Math.ceil(deadlineMs / 1_000) + GRACE_MARGIN_SECONDS;
}

function spread(
  plan: Plan,
  topologyKey: string,
  zones: Plan["zones"],
): k8s.TopologySpreadConstraint {
  return {
    topologyKey,
    maxSkew: 1,
    whenUnsatisfiable: zones === "required" ? "DoNotSchedule" : "ScheduleAnyway",
    labelSelector: { matchLabels: selector(plan) },
    // Only pods of the same version count, so that a rolling update ends evenly spread.
    matchLabelKeys: ["pod-template-hash"],
  };
}

/** For a Prometheus that finds pods by annotations; a monitor would make it scrape twice. */
function scrapeAnnotations({ monitoring, tls }: Plan): Record<string, string> {
  if (monitoring !== undefined) return {};
  return {
    "prometheus.io/scrape": "true",
    "prometheus.io/port": String(CONTRACT.ports.http),
    "prometheus.io/path": CONTRACT.metricsPath,
    ...(tls && { "prometheus.io/scheme": "https" }),
  };
}
