import type { ApiObject } from "cdk8s";
import { k8s } from "cdk8s-plus-27";
import type { Construct } from "constructs";
import { CONTRACT } from "../contract.ts";
import type { Plan } from "../plan.ts";
import { apiObject } from "./api-object.ts";
import { CONTAINER_NAME } from "./container.ts";
import { metadata } from "./labels.ts";

type Autoscaling = NonNullable<Plan["autoscaling"]>;

export function autoscaler(scope: Construct, plan: Plan, scaling: Autoscaling): ApiObject {
  const { minReplicas, maxReplicas, scaleDownAfterSeconds } = scaling;
  return apiObject(scope, "autoscaler", k8s.KubeHorizontalPodAutoscalerV2, {
    metadata: metadata(plan),
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: plan.name },
      minReplicas,
      maxReplicas,
      metrics: metrics(scaling),
      behavior: {
        // Up at once and at most to the double; a burst is over before a slow answer to it.
        scaleUp: {
          stabilizationWindowSeconds: 0,
          selectPolicy: "Max",
          policies: [
            { type: "Percent", value: 100, periodSeconds: 30 },
            { type: "Pods", value: 2, periodSeconds: 30 },
          ],
        },
        // Down one by one: with each pod go the leased keys that it made.
        scaleDown: {
          stabilizationWindowSeconds: scaleDownAfterSeconds,
          policies: [{ type: "Pods", value: 1, periodSeconds: 60 }],
        },
      },
    },
  });
}

/** The one that asks for the most pods wins. */
function metrics({ requestsInFlight, cpuPercent }: Autoscaling): k8s.MetricSpecV2[] {
  const inFlight: k8s.MetricSpecV2 = {
    type: "Pods",
    pods: {
      metric: { name: CONTRACT.scalingMetric },
      target: {
        type: "AverageValue",
        averageValue: k8s.Quantity.fromString(`${Math.round(requestsInFlight * 1_000)}m`),
      },
    },
  };
  const cpu: k8s.MetricSpecV2 = {
    type: "ContainerResource",
    containerResource: {
      name: "cpu",
      container: CONTAINER_NAME,
      target: { type: "Utilization", averageUtilization: cpuPercent },
    },
  };
  return [...(requestsInFlight > 0 ? [inFlight] : []), ...(cpuPercent > 0 ? [cpu] : [])];
}
