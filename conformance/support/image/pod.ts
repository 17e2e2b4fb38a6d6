import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import { ROOT } from "./context.ts";

interface Probe {
  readonly httpGet: { readonly path: string };
}

interface Container {
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly volumeMounts: readonly { readonly mountPath: string }[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
}

interface PodSpec {
  readonly containers: readonly [Container];
  readonly securityContext: { readonly runAsUser: number; readonly runAsGroup: number };
}

interface Manifest {
  readonly kind: string;
  readonly spec: { readonly template: { readonly spec: PodSpec } };
}

/** The pod of `deploy/kubernetes/tenant-security-proxy.yaml`. */
export function deployedPod(): PodSpec {
  const file = join(ROOT, "deploy/kubernetes/tenant-security-proxy.yaml");
  const manifests = loadAll(readFileSync(file, "utf8")) as Manifest[];
  const deployment = manifests.find(({ kind }) => kind === "Deployment");
  if (deployment === undefined) throw new Error(`${file} has no Deployment`);
  return deployment.spec.template.spec;
}
