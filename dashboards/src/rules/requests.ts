import { CATALOG } from "@tenant-security/metrics";
import { sumBy } from "../promql/promql.ts";
import { type AlertGroup, DEPLOYMENT, INSTANCE, promql } from "./alert.ts";
import { LIMITS } from "./limits.ts";

const REQUESTS = CATALOG.requestDuration;

export const REQUESTS_GROUP: AlertGroup = {
  name: "tsp-requests",
  alerts: [
    {
      name: "TspInternalErrors",
      value: promql.shareBy(REQUESTS, DEPLOYMENT, {
        tsp_status_code: 100,
        http_code: 500,
      }),
      limit: `> ${LIMITS.internalErrorShare}`,
      for: "5m",
      severity: "critical",
      summary: "{{ $value | humanizePercentage }} of all requests end with an internal error",
      description:
        "HTTP 500 with code 100 is a fault of the proxy itself, or a configuration older than 24 hours. " +
        "No KMS and no caller causes it.",
    },
    {
      name: "TspRequestsSlow",
      value: promql.quantileBy(0.99, REQUESTS, [...DEPLOYMENT, "endpoint"], {
        endpoint: [
          "/api/1/document/wrap",
          "/api/1/document/unwrap",
          "/api/1/document/rekey",
          "/api/1/key/derive-with-secret-path",
        ],
      }),
      limit: `> ${LIMITS.requestSlowSeconds}`,
      for: "10m",
      severity: "warning",
      summary:
        "One in a hundred requests to {{ $labels.endpoint }} takes {{ $value | humanizeDuration }} or more",
      description:
        "A slow KMS or a busy proxy. Batches are left out: they take as long as the caller made them.",
    },
    {
      name: "TspSaturated",
      value: sumBy(INSTANCE, promql.over("avg_over_time", CATALOG.requestsInFlight, "5m")),
      limit: `> ${LIMITS.inFlight}`,
      for: "15m",
      severity: "warning",
      summary: "{{ $labels.instance }} has {{ $value | humanize }} requests in flight all the time",
      description:
        "The autoscaler aims at 4.5 for each pod: it is at its maximum, does not see the metric, or " +
        "is not there. Waiting for a slow KMS looks the same.",
    },
    {
      name: "TspRequestsDelayed",
      value: promql.series(CATALOG.requestDelay),
      limit: `> ${LIMITS.requestDelaySeconds}`,
      for: "5m",
      severity: "warning",
      summary:
        "Requests wait {{ $value | humanizeDuration }} before {{ $labels.instance }} looks at them",
      description:
        "The thread that serves them is busy all the time. When the wait reaches `TSP_OVERLOAD_DELAY_MS` " +
        "a share of the requests is refused.",
    },
    {
      name: "TspRequestsShed",
      value: promql.rateBy(CATALOG.requestsShed, [...DEPLOYMENT, "reason"]),
      limit: `> ${LIMITS.shedPerSecond}`,
      for: "5m",
      severity: "critical",
      summary: "{{ $value | humanize }} requests a second are turned away: {{ $labels.reason }}",
      description:
        "There are more than the proxies can take on. Applications get HTTP 503 with code 100 and " +
        "`Retry-After`.",
    },
    {
      name: "TspUnauthorized",
      value: promql.rateBy(REQUESTS, DEPLOYMENT, { tsp_status_code: 101 }),
      limit: `> ${LIMITS.unauthorizedPerSecond}`,
      for: "10m",
      severity: "warning",
      summary: "{{ $value | humanize }} requests a second come with a wrong API key",
      description:
        "An application was forgotten when the key was rotated, or somebody is guessing.",
    },
    {
      name: "TspConnectionsRejected",
      value: promql.increaseBy(CATALOG.httpConnectionsRejected, INSTANCE),
      limit: "> 0",
      for: "1m",
      severity: "warning",
      summary:
        "{{ $labels.instance }} closed about {{ $value | humanize }} connections within 5 minutes",
      description:
        "Too many were open. Callers saw HTTP 503 with code 100, or a reset that no other metric shows.",
    },
  ],
};
