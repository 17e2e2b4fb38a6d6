import { CATALOG } from "@tenant-security/metrics";
import { LIMITS } from "../../rules/limits.ts";
import { sumBy } from "../../promql/promql.ts";
import { query, type Row } from "../board.ts";
import { figure, lines } from "../panels.ts";
import { describe } from "../views.ts";

const {
  batchItems,
  keyOperations,
  kmsLastConfigRefresh,
  ready,
  requestDelay,
  requestDuration,
  requestsInFlight,
  requestsShed,
} = CATALOG;
const API = { endpoint: { not: ["/metrics", "other"] } } as const;
const FAILED = { tsp_status_code: { not: 0 } } as const;

/** Numbers that are green when all is well. */
export const SUMMARY_ROW: Row = {
  title: "At a glance",
  panels: [
    figure({
      title: "Proxies ready",
      description: "Proxies whose `/ready` answers 200.",
      unit: "short",
      expression: `sum(${query.series(ready)})`,
      nothing: "none",
    }),
    figure({
      title: "Requests per second",
      description: describe(requestDuration),
      unit: "reqps",
      expression: query.rateBy(requestDuration, [], API),
    }),
    figure({
      title: "Requests with an error",
      description:
        "Share of requests that ended with a code other than 0, callers' mistakes included.",
      unit: "percentunit",
      limits: [0.01, 0.05],
      expression: query.shareOrZeroBy(requestDuration, [], FAILED, API),
    }),
    figure({
      title: "p99 latency",
      description: "One request in a hundred takes this long or longer.",
      unit: "s",
      limits: [LIMITS.requestSlowSeconds],
      expression: query.quantileBy(0.99, requestDuration, [], API),
    }),
    figure({
      title: "Oldest configuration",
      description: describe(kmsLastConfigRefresh),
      unit: "s",
      limits: [LIMITS.configStaleSeconds, LIMITS.configExpiringSeconds],
      expression: `time() - min(${query.series(kmsLastConfigRefresh)})`,
      nothing: "none loaded",
    }),
    figure({
      title: "Alerts firing",
      description: "Of the rules in dashboards/rules, whatever the choice of targets above.",
      unit: "short",
      limits: [1],
      expression: 'count(ALERTS{alertname=~"Tsp.*", alertstate="firing"}) or vector(0)',
    }),
  ],
};

export const TRAFFIC_ROW: Row = {
  title: "Traffic",
  panels: [
    lines({
      title: "Requests by endpoint",
      description: describe(requestDuration),
      unit: "reqps",
      stacked: true,
      lines: [
        { expression: query.rateBy(requestDuration, ["endpoint"], API), legend: "{{endpoint}}" },
      ],
    }),
    lines({
      title: "Errors by code",
      description: "docs/errors.md explains the codes.",
      unit: "reqps",
      stacked: true,
      nothing: "no errors",
      lines: [
        {
          expression: query.rateBy(requestDuration, ["tsp_status_code"], FAILED),
          legend: "{{tsp_status_code}}",
        },
      ],
    }),
    lines({
      title: "Key operations",
      description: describe(keyOperations),
      unit: "ops",
      stacked: true,
      lines: [{ expression: query.rateBy(keyOperations, ["operation"]), legend: "{{operation}}" }],
    }),
    lines({
      title: "Latency by endpoint, p99",
      description: "The alert leaves out batches, which take as long as the caller made them.",
      unit: "s",
      limit: LIMITS.requestSlowSeconds,
      lines: [
        {
          expression: query.quantileBy(0.99, requestDuration, ["endpoint"], API),
          legend: "{{endpoint}}",
        },
      ],
    }),
    lines({
      title: "Latency by KMS type, p50 and p99",
      description: "Without a lease, a request takes as long as its tenant's KMS.",
      unit: "s",
      lines: [0.5, 0.99].map((quantile) => ({
        expression: query.quantileBy(quantile, requestDuration, ["kms_type"], API),
        legend: `{{kms_type}} p${quantile * 100}`,
      })),
    }),
    lines({
      title: "In flight by instance",
      description: describe(requestsInFlight),
      unit: "short",
      limit: LIMITS.inFlight,
      lines: [
        { expression: sumBy(["instance"], query.series(requestsInFlight)), legend: "{{instance}}" },
      ],
    }),
    lines({
      title: "Turned away, by reason",
      description: describe(requestsShed),
      unit: "reqps",
      limit: LIMITS.shedPerSecond,
      lines: [{ expression: query.rateBy(requestsShed, ["reason"]), legend: "{{reason}}" }],
    }),
    lines({
      title: "Wait before a request is looked at",
      description: describe(requestDelay),
      unit: "s",
      limit: LIMITS.requestDelaySeconds,
      lines: [{ expression: query.series(requestDelay), legend: "{{instance}}" }],
    }),
    lines({
      title: "Items of batches",
      description: describe(batchItems),
      unit: "short",
      stacked: true,
      lines: [{ expression: sumBy(["state"], query.series(batchItems)), legend: "{{state}}" }],
    }),
  ],
};
