import type { Plan } from "../plan.ts";

export type Labels = Readonly<Record<string, string>>;

/** Which pods belong to the deployment. Cannot be changed once it is deployed. */
export function selector({ name }: Plan): Record<string, string> {
  return { app: name };
}

export function labels(plan: Plan): Record<string, string> {
  return {
    ...selector(plan),
    "app.kubernetes.io/name": "tenant-security-proxy",
    "app.kubernetes.io/instance": plan.name,
  };
}

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels: Record<string, string>;
}

export function metadata(plan: Plan, suffix = "", extra: Labels = {}): Metadata {
  return {
    name: `${plan.name}${suffix}`,
    ...(plan.namespace !== undefined && { namespace: plan.namespace }),
    labels: { ...labels(plan), ...extra },
  };
}
