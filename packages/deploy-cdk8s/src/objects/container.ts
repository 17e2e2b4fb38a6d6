import { k8s } from "cdk8s-plus-27";
import { CONTRACT } from "../contract.ts";
import type { Plan } from "../plan.ts";
import { environment } from "./environment.ts";

/** What a metric of the autoscaler refers to. */
export const CONTAINER_NAME = "tenant-security-proxy";

export function container(plan: Plan, volumeMounts: k8s.VolumeMount[]): k8s.Container {
  const amounts = {
    cpu: k8s.Quantity.fromString(plan.cpu),
    memory: k8s.Quantity.fromString(plan.memory),
  };
  return {
    name: CONTAINER_NAME,
    image: plan.image,
    envFrom: [{ secretRef: { name: plan.environmentSecret } }],
    env: environment(plan),
    ports: ports(plan),
    resources: { requests: amounts, limits: amounts },
    // Does not wait for the configuration: a proxy without one is alive, and says why not ready.
    startupProbe: { ...probe("live"), periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 30 },
    livenessProbe: { ...probe("live"), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
    readinessProbe: { ...probe("ready"), periodSeconds: 5, timeoutSeconds: 2, failureThreshold: 2 },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts,
  };
}

function ports({ events }: Plan): k8s.ContainerPort[] {
  const { health, http, logdriver } = CONTRACT.ports;
  return [
    { name: "health", containerPort: health },
    { name: "http", containerPort: http },
    ...(events.enabled ? [{ name: "logdriver", containerPort: logdriver }] : []),
  ];
}

function probe(name: "live" | "ready"): k8s.Probe {
  return {
    httpGet: { path: CONTRACT.probes[name], port: k8s.IntOrString.fromString("health") },
  };
}
