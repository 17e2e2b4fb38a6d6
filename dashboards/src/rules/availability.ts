import { CATALOG, PROCESS_CATALOG } from "@tenant-security/metrics";
import { type AlertGroup, promql } from "./alert.ts";
import { LIMITS } from "./limits.ts";

// Targets have no name of ours, but what exposed our metrics within a day is a proxy.
const PROXIES = promql.over("present_over_time", CATALOG.buildInfo, "1d");
const REFRESH = promql.series(CATALOG.kmsLastConfigRefresh);

export const AVAILABILITY: AlertGroup = {
  name: "tsp-availability",
  alerts: [
    {
      name: "TspInstanceDown",
      value: `up and on (job, instance) ${PROXIES}`,
      limit: "== 0",
      for: "5m",
      severity: "warning",
      summary: "{{ $labels.instance }} does not answer scrapes",
      description:
        "It is still a target, so nobody stopped it on purpose. With the others left the deployment " +
        "has less room than planned.",
    },
    {
      name: "TspNoneReady",
      value: `absent(${REFRESH} > time() - ${LIMITS.configExpiredSeconds})`,
      for: "2m",
      severity: "critical",
      summary: "No proxy is ready",
      description:
        "None is scraped that has a configuration younger than 24 hours: all are down, cannot load " +
        "their configuration, or Prometheus does not find them. Applications get no keys.",
    },
    {
      name: "TspRestarting",
      value: promql.over("changes", PROCESS_CATALOG.startTime, "15m"),
      limit: "> 1",
      for: "0m",
      severity: "warning",
      summary: "{{ $labels.instance }} started {{ $value }} times within 15 minutes",
      description:
        "Each start costs its leased keys and a KMS call for each of them. The last log line and " +
        "the exit code say why it ended.",
    },
  ],
};
