import { CATALOG } from "@tenant-security/metrics";
import { type AlertGroup, DEPLOYMENT, INSTANCE, promql, promqlRare } from "./alert.ts";
import { LIMITS } from "./limits.ts";

const CALLS = CATALOG.kmsRequestDuration;
const LOOKUPS = CATALOG.leaseOperations;

export const KMS: AlertGroup = {
  name: "tsp-kms",
  alerts: [
    {
      name: "TspKmsErrors",
      value: promql.shareBy(CALLS, [...DEPLOYMENT, "kms_type"], { http_code: { not: /2../ } }),
      limit: `> ${LIMITS.kmsErrorShare}`,
      for: "10m",
      severity: "warning",
      summary: "{{ $value | humanizePercentage }} of the calls to {{ $labels.kms_type }} fail",
      description:
        "Either the vendor has trouble, or one busy tenant's key or credentials are gone. Other " +
        "vendors are not affected.",
    },
    {
      name: "TspKmsSlow",
      value: promql.quantileBy(0.99, CALLS, [...DEPLOYMENT, "kms_type"]),
      limit: `> ${LIMITS.kmsSlowSeconds}`,
      for: "10m",
      severity: "warning",
      summary:
        "One in a hundred calls to {{ $labels.kms_type }} takes {{ $value | humanizeDuration }} or more",
      description:
        "Requests that need this KMS take as long. Those served with a leased key are not affected.",
    },
    {
      name: "TspBreakerOpen",
      // A breaker half opens every few seconds to try again; that is no recovery.
      value: promql.over("max_over_time", CATALOG.kmsBreakerOpen, "2m"),
      limit: "> 0",
      for: "5m",
      severity: "warning",
      summary: "{{ $labels.instance }} does not reach the KMS of {{ $value }} configurations",
      description:
        "Their tenants get code 208 at once. Leased keys in memory keep working for as long as they live.",
    },
    {
      name: "TspLeaseMisses",
      value: promqlRare.shareBy(LOOKUPS, DEPLOYMENT, { result: "miss" }),
      limit: `> ${LIMITS.leaseMissShare}`,
      for: "30m",
      severity: "warning",
      summary: "{{ $value | humanizePercentage }} of the look-ups of leased keys miss",
      description:
        "Each miss is a call to a KMS. More leases are in use than the cache holds, or proxies " +
        "restart too often.",
    },
    {
      name: "TspLeasesRevoked",
      value: promqlRare.increaseBy(CATALOG.leaseRevocations, INSTANCE, {
        reason: ["access_denied", "key_unavailable"],
      }),
      limit: `> ${LIMITS.leasesRevoked}`,
      for: "0m",
      severity: "warning",
      summary:
        "The KMS took back about {{ $value | humanize }} leased keys of {{ $labels.instance }}",
      description:
        "One tenant that withdraws its key is its own affair. Several at once share something: a " +
        "vendor's account, a role, credentials that ended.",
    },
  ],
};
