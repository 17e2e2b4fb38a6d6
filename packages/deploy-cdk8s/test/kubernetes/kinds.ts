import type { Manifest } from "../rendered.ts";

const COLLECTIONS: Readonly<Record<string, string>> = {
  Deployment: "deployments",
  HorizontalPodAutoscaler: "horizontalpodautoscalers",
  NetworkPolicy: "networkpolicies",
  Pod: "pods",
  PodDisruptionBudget: "poddisruptionbudgets",
  PodMonitor: "podmonitors",
  PrometheusRule: "prometheusrules",
  Service: "services",
  ServiceAccount: "serviceaccounts",
  ServiceMonitor: "servicemonitors",
};

export function isOfOperator({ apiVersion }: Manifest): boolean {
  return apiVersion.startsWith("monitoring.coreos.com/");
}

/** Where an object of a namespace is created. */
export function collectionPath({ apiVersion, kind }: Manifest, namespace: string): string {
  const collection = COLLECTIONS[kind];
  if (collection === undefined) throw new Error(`A kind that no test knows: ${kind}`);
  const root = apiVersion.includes("/") ? "apis" : "api";
  return `/${root}/${apiVersion}/namespaces/${namespace}/${collection}`;
}
