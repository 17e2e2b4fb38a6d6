import { CATALOG } from "./catalog.ts";
import type { MetricDefinition, MetricGroup } from "./definition.ts";
import { closedValues } from "./labels.ts";
import { PROCESS_CATALOG } from "./process-catalog.ts";

const CHAPTERS: Readonly<Record<MetricGroup, string>> = {
  original: "Of the original proxy: same names, types and labels",
  events: "Security events",
  keys: "Keys and key management services",
  service: "The service",
  process: "The process, collected by prom-client",
};

/** Every metric that a scrape may contain, in the order of the documentation. */
export const METRICS: readonly MetricDefinition[] = [
  ...Object.values<MetricDefinition>(CATALOG),
  ...Object.values<MetricDefinition>(PROCESS_CATALOG),
];

/** The page `docs/metrics.md`, from the catalogue alone. */
export function renderMetricsDoc(): string {
  const chapters = Object.entries(CHAPTERS).map(([group, title]) => {
    const metrics = METRICS.filter((metric) => metric.group === group);
    return [`## ${title}`, ...metrics.map(renderMetric)].join("\n\n");
  });
  return `${[INTRODUCTION, ...chapters].join("\n\n")}\n`;
}

const INTRODUCTION = `# Metrics

<!-- Generated from the catalogue in packages/metrics. -->

\`GET /metrics\` on the HTTP port answers in the Prometheus text format. No label holds a tenant, a
key or an address, and every label takes its values from a closed set, so the number of series does
not grow with the number of tenants. Counters and gauges exist from the first scrape on, at zero.

Boards for Grafana and alert rules are built from the same catalogue: [dashboards](../dashboards/README.md),
[runbooks](runbooks/README.md).`;

function renderMetric(metric: MetricDefinition): string {
  const unit = metric.unit === "1" ? "" : `, in ${metric.unit}`;
  const lines = [`${metric.kind}${unit}. ${metric.help}.`, `${metric.reason}.`];
  const labels = Object.entries(metric.labels).map(([label, set]) => {
    const values = closedValues(set)?.map((value) => `\`${value}\``);
    return `- \`${label}\`: ${values?.join(", ") ?? OPEN_SETS[set] ?? set}`;
  });
  const buckets = metric.buckets && `Buckets: ${metric.buckets.map(String).join(", ")}.`;
  return [`### \`${metric.name}\``, lines.join(" "), labels.join("\n"), buckets]
    .filter(Boolean)
    .join("\n\n");
}

const OPEN_SETS: Readonly<Record<string, string>> = {
  httpCode: "the three digits of the HTTP status, `0` where no answer came",
  text: "text that is fixed when the process starts",
};
