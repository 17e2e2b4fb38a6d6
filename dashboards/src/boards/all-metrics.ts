import { CATALOG, type MetricGroup, METRICS } from "@tenant-security/metrics";
import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { buildBoard, query, type Row } from "./board.ts";
import { lines } from "./panels.ts";
import { describe, viewsOf } from "./views.ts";

// A new group of the catalogue does not compile until it has a title here.
const TITLES: Readonly<Record<MetricGroup, string>> = {
  original: "Requests, KMS calls, key operations and configuration",
  events: "Security events",
  keys: "Circuit breakers, leased keys and KMS configurations",
  service: "The service",
  process: "The process",
};

/** The board "TSP - All Metrics": every metric of the catalogue, whatever is added to it. */
export function buildAllMetrics(): Dashboard {
  const rows = Object.entries(TITLES).map(([group, title]) => ({
    title,
    panels: METRICS.filter((metric) => metric.group === group).flatMap(viewsOf),
  }));
  return buildBoard({
    uid: "tsp-all-metrics",
    title: "TSP - All Metrics",
    description:
      "Every metric of the Tenant Security Proxy, generated from its catalogue. Panels are named " +
      "after the metric, and docs/metrics.md says the same about it in words.",
    rows: [{ title: "Errors", panels: errors() }, ...rows],
  });
}

/** What the panels by label hide among successes. */
function errors(): Row["panels"] {
  const requests = CATALOG.requestDuration;
  const calls = CATALOG.kmsRequestDuration;
  const failed = { tsp_status_code: { not: 0 } } as const;
  return [
    lines({
      title: "Errors by code",
      description: `${describe(requests)} docs/errors.md explains the codes.`,
      unit: "reqps",
      stacked: true,
      nothing: "no errors",
      lines: [
        {
          expression: query.rateBy(requests, ["tsp_status_code"], failed),
          legend: "{{tsp_status_code}}",
        },
      ],
    }),
    lines({
      title: "Errors by endpoint",
      description: describe(requests),
      unit: "reqps",
      stacked: true,
      nothing: "no errors",
      lines: [{ expression: query.rateBy(requests, ["endpoint"], failed), legend: "{{endpoint}}" }],
    }),
    lines({
      title: "KMS errors by type and HTTP status",
      description: `${describe(calls)} Status 0: no answer came.`,
      unit: "reqps",
      stacked: true,
      nothing: "no errors",
      lines: [
        {
          expression: query.rateBy(calls, ["kms_type", "http_code"], { http_code: { not: /2../ } }),
          legend: "{{kms_type}} {{http_code}}",
        },
      ],
    }),
  ];
}
