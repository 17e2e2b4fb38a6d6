import { CATALOG } from "@tenant-security/metrics";
import { LIMITS } from "../../rules/limits.ts";
import { sumBy } from "../../promql/promql.ts";
import { query, type Row } from "../board.ts";
import { lines } from "../panels.ts";
import { describe } from "../views.ts";

const CALLS = CATALOG.kmsRequestDuration;
const FAILED = { http_code: { not: /2../ } } as const;

export const KMS_ROW: Row = {
  title: "Key management services",
  panels: [
    lines({
      title: "KMS calls by type",
      description: describe(CALLS),
      unit: "reqps",
      stacked: true,
      lines: [{ expression: query.rateBy(CALLS, ["kms_type"]), legend: "{{kms_type}}" }],
    }),
    lines({
      title: "KMS latency, p50 and p99",
      description: "The alert watches p99.",
      unit: "s",
      limit: LIMITS.kmsSlowSeconds,
      lines: [0.5, 0.99].map((quantile) => ({
        expression: query.quantileBy(quantile, CALLS, ["kms_type"]),
        legend: `{{kms_type}} p${quantile * 100}`,
      })),
    }),
    lines({
      title: "KMS calls that fail",
      description: "Share of the calls to each type of KMS.",
      unit: "percentunit",
      limit: LIMITS.kmsErrorShare,
      lines: [
        { expression: query.shareOrZeroBy(CALLS, ["kms_type"], FAILED), legend: "{{kms_type}}" },
      ],
    }),
    lines({
      title: "KMS errors by HTTP status",
      description: "Status 0: no answer came.",
      unit: "reqps",
      stacked: true,
      nothing: "no errors",
      lines: [
        {
          expression: query.rateBy(CALLS, ["kms_type", "http_code"], FAILED),
          legend: "{{kms_type}} {{http_code}}",
        },
      ],
    }),
    lines({
      title: "Open circuit breakers",
      description: describe(CATALOG.kmsBreakerOpen),
      unit: "short",
      lines: [{ expression: query.series(CATALOG.kmsBreakerOpen), legend: "{{instance}}" }],
    }),
    lines({
      title: "Breaker transitions",
      description: describe(CATALOG.kmsBreakerTransitions),
      unit: "cps",
      lines: [
        { expression: query.rateBy(CATALOG.kmsBreakerTransitions, ["to"]), legend: "to {{to}}" },
      ],
    }),
  ],
};

export const LEASES_ROW: Row = {
  title: "Leased keys",
  panels: [
    lines({
      title: "Leased keys in memory",
      description: describe(CATALOG.leases),
      unit: "short",
      stacked: true,
      lines: [
        { expression: sumBy(["origin"], query.series(CATALOG.leases)), legend: "{{origin}}" },
      ],
    }),
    lines({
      title: "Look-ups that miss",
      description: describe(CATALOG.leaseOperations),
      unit: "percentunit",
      max: 1,
      limit: LIMITS.leaseMissShare,
      lines: [
        {
          expression: query.shareBy(CATALOG.leaseOperations, ["instance"], { result: "miss" }),
          legend: "{{instance}}",
        },
      ],
    }),
    lines({
      title: "Revocations",
      description: describe(CATALOG.leaseRevocations),
      unit: "cps",
      lines: [
        { expression: query.rateBy(CATALOG.leaseRevocations, ["reason"]), legend: "{{reason}}" },
      ],
    }),
  ],
};
