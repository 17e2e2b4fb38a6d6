import { CATALOG } from "@tenant-security/metrics";
import { dump } from "js-yaml";

const { name } = CATALOG.requestsInFlight;

/** One rule of prometheus-adapter; `metricsQuery` is a Go template. */
export interface AdapterRule {
  readonly seriesQuery: string;
  readonly resources: {
    readonly overrides: Readonly<Record<string, { readonly resource: string }>>;
  };
  readonly name: { readonly matches: string; readonly as: string };
  readonly metricsQuery: string;
}

/** The configuration of prometheus-adapter that a HorizontalPodAutoscaler needs. */
export const ADAPTER_CONFIG: { readonly rules: readonly AdapterRule[] } = {
  rules: [
    {
      // Only series that say which pod they are of can become a metric of pods.
      seriesQuery: `${name}{namespace!="", pod!=""}`,
      resources: {
        overrides: { namespace: { resource: "namespace" }, pod: { resource: "pod" } },
      },
      name: { matches: `^${name}$`, as: name },
      metricsQuery: "sum by (<<.GroupBy>>) (<<.Series>>{<<.LabelMatchers>>})",
    },
  ],
};

export function renderAdapterConfig(): string {
  return `${INTRODUCTION}${dump(ADAPTER_CONFIG, { lineWidth: -1, noRefs: true })}`;
}

const INTRODUCTION = `# Configuration of prometheus-adapter, generated from dashboards/src/autoscaling.
# It makes the requests in flight a metric of pods, for a HorizontalPodAutoscaler with
#   metrics: [{ type: Pods, pods: { metric: { name: ${name} }, target: … } }]
`;
