import { loadAll } from "js-yaml";
import { renderManifests, type TenantSecurityProxyProps } from "../src/index.ts";

/** An object as `kubectl apply` would send it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: Members;
}

export type Members = Readonly<Record<string, unknown>>;

export function rendered(props: TenantSecurityProxyProps): Manifest[] {
  return manifestsOf(renderManifests(props));
}

export function manifestsOf(yaml: string): Manifest[] {
  return loadAll(yaml) as Manifest[];
}

/** The one object of a kind, or the one of that name. */
export function objectOf(props: TenantSecurityProxyProps, kind: string, name?: string): Manifest {
  const [object] = rendered(props).filter(
    ({ kind: other, metadata }) => other === kind && (name ?? metadata.name) === metadata.name,
  );
  if (object === undefined) throw new Error(`No ${kind} was rendered`);
  return object;
}

/** The pod that the Deployment's controller would create. */
export function podOf(manifests: readonly Manifest[]): Manifest {
  const deployment = manifests.find(({ kind }) => kind === "Deployment");
  const template = deployment?.spec?.["template"] as Manifest;
  return {
    ...template,
    apiVersion: "v1",
    kind: "Pod",
    metadata: { ...template.metadata, name: "pod" },
  };
}

/** The container and the pod around it. */
export function containerOf(props: TenantSecurityProxyProps): { pod: Members; container: Members } {
  const { spec: pod = {} } = podOf(rendered(props));
  const [container = {}] = pod["containers"] as readonly Members[];
  return { pod, container };
}

/** The container's variables that are written out in the manifest. */
export function environmentOf(props: TenantSecurityProxyProps): Readonly<Record<string, string>> {
  const variables = containerOf(props).container["env"] as readonly Record<string, string>[];
  return Object.fromEntries(variables.map(({ name, value }) => [name, value]));
}
