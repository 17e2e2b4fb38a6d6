import type { MetricDefinition, MetricKind } from "@tenant-security/metrics";
import { query, type Row } from "./board.ts";
import { heatmap, lines } from "./panels.ts";

type OfKind<K extends MetricKind> = MetricDefinition & { readonly kind: K };

const UNITS = { "1": "short", seconds: "s", bytes: "bytes" } as const;
// Seconds per second are CPUs, or threads, or whatever else spends the time.
const RATE_UNITS = { "1": "cps", seconds: "short", bytes: "binBps" } as const;

/** What shows a metric, whichever it is: its kind, its labels and Prometheus' naming decide. */
export function viewsOf(metric: MetricDefinition): Row["panels"] {
  if (isKind(metric, "gauge")) return [gaugeView(metric)];
  if (isKind(metric, "counter")) return rateViews(metric, RATE_UNITS[metric.unit]);
  if (isKind(metric, "histogram")) {
    return [...rateViews(metric, "reqps"), ...latencyViews(metric)];
  }
  throw new TypeError(`no view for a ${metric.kind}`);
}

/** The panel's description: what the catalogue says, and so `docs/metrics.md`. */
export function describe({ help, reason }: MetricDefinition): string {
  return `${help}. ${reason}.`;
}

function rateViews(metric: OfKind<"counter" | "histogram">, unit: string): Row["panels"] {
  const labels = Object.keys(metric.labels);
  return (labels.length > 0 ? labels : ["instance"]).map((label) =>
    lines({
      title: `${metric.name} per second by ${label}`,
      description: describe(metric),
      unit,
      stacked: labels.length > 0,
      lines: [{ expression: query.rateBy(metric, [label]), legend: `{{${label}}}` }],
    }),
  );
}

function latencyViews(metric: OfKind<"histogram">): Row["panels"] {
  const shared = { description: describe(metric), unit: UNITS[metric.unit] };
  const quantiles = [0.5, 0.9, 0.99].map((quantile) => ({
    expression: query.quantileBy(quantile, metric, []),
    legend: `p${quantile * 100}`,
  }));
  const byLabel = Object.keys(metric.labels).map((label) =>
    lines({
      ...shared,
      title: `${metric.name}, p99 by ${label}`,
      lines: [{ expression: query.quantileBy(0.99, metric, [label]), legend: `{{${label}}}` }],
    }),
  );
  return [
    lines({ ...shared, title: `${metric.name}, quantiles`, lines: quantiles }),
    ...byLabel,
    heatmap({
      ...shared,
      title: `${metric.name}, spread`,
      expression: query.bucketsBy(metric, []),
    }),
  ];
}

function gaugeView(metric: OfKind<"gauge">): ReturnType<typeof lines> {
  const labels = Object.keys(metric.labels);
  const by = labels.length > 0 ? labels : ["instance"];
  const legend = by.map((label) => `{{${label}}}`).join(" ");
  const series = query.series(metric);
  const shared = { description: describe(metric), unit: UNITS[metric.unit] };
  if (metric.name.endsWith("_expiry_timestamp_seconds")) {
    const left = [{ expression: `${series} - time()`, legend }];
    return lines({ ...shared, title: `${metric.name}, time left`, lines: left });
  }
  if (/_(timestamp|start_time)_seconds$/.test(metric.name)) {
    const age = [{ expression: `time() - ${series}`, legend }];
    return lines({ ...shared, title: `${metric.name}, time since`, lines: age });
  }
  if (metric.name.endsWith("_info")) {
    const counted = [{ expression: `count by (${by.join(", ")}) (${series})`, legend }];
    return lines({
      ...shared,
      title: `${metric.name}, instances by ${by.join(", ")}`,
      lines: counted,
    });
  }
  const aggregation = metric.merge === "sum" ? "sum" : "max";
  const expression =
    labels.length > 0 ? `${aggregation} by (${by.join(", ")}) (${series})` : series;
  return lines({
    ...shared,
    title: `${metric.name} by ${by.join(", ")}`,
    lines: [{ expression, legend }],
  });
}

function isKind<K extends MetricKind>(metric: MetricDefinition, kind: K): metric is OfKind<K> {
  return metric.kind === kind;
}
