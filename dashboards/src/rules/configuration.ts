import { CATALOG } from "@tenant-security/metrics";
import { type AlertGroup, INSTANCE, promql, promqlRare } from "./alert.ts";
import { LIMITS } from "./limits.ts";

const AGE = `time() - ${promql.series(CATALOG.kmsLastConfigRefresh)}`;
const TENANTS = promql.series(CATALOG.tenants);
const { configStaleSeconds, configExpiringSeconds, tenantsGoneShare } = LIMITS;

export const CONFIGURATION: AlertGroup = {
  name: "tsp-configuration",
  alerts: [
    {
      name: "TspConfigStale",
      value: AGE,
      limit: `> ${configStaleSeconds}`,
      for: "5m",
      severity: "warning",
      summary:
        "{{ $labels.instance }} works with a configuration of {{ $value | humanizeDuration }} ago",
      description:
        "Refreshes are due every ten minutes. Changes of tenants and credentials do not arrive, and " +
        "after 24 hours without one the proxy stops serving.",
    },
    {
      name: "TspConfigExpiring",
      value: AGE,
      limit: `> ${configExpiringSeconds}`,
      for: "5m",
      severity: "critical",
      summary:
        "{{ $labels.instance }} stops serving soon: its configuration is {{ $value | humanizeDuration }} old",
      description:
        "At 24 hours the proxy turns not ready and answers every request with code 100. All proxies " +
        "of a deployment usually get there together.",
    },
    {
      name: "TspConfigRefreshFailing",
      value: promqlRare.increaseBy(CATALOG.configRefreshFailures, INSTANCE),
      limit: "> 0",
      // Longer than the window: one failure alone is forgotten before it fires.
      for: "20m",
      severity: "warning",
      summary: "{{ $labels.instance }} cannot refresh its configuration",
      description:
        "Refresh after refresh fails. The proxy keeps serving what it has; the reason is in its log.",
    },
    {
      name: "TspConfigurationsUnusable",
      value: promql.series(CATALOG.kmsConfigurationsUnusable),
      limit: "> 0",
      for: "15m",
      severity: "warning",
      summary:
        "{{ $value }} KMS configurations of {{ $labels.instance }} cannot be used as written",
      description: "Tenants that need them get code 207 until someone corrects them.",
    },
    {
      name: "TspTenantsGone",
      value: `1 - ${TENANTS} / ${promql.over("max_over_time", CATALOG.tenants, "1h")}`,
      limit: `> ${tenantsGoneShare}`,
      for: "5m",
      severity: "critical",
      summary:
        "{{ $labels.instance }} lost {{ $value | humanizePercentage }} of its tenants within an hour",
      description:
        "So sudden a fall is a broken configuration more often than a decision. Tenants that are " +
        "gone get code 201.",
    },
  ],
};
