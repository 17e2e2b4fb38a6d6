import { CATALOG, PROCESS_CATALOG } from "@tenant-security/metrics";
import { type AlertGroup, DEPLOYMENT, INSTANCE, promql, promqlRare } from "./alert.ts";
import { LIMITS } from "./limits.ts";

// Targets have no name of ours, but what exposed our metrics within a day is a proxy.
const PROXIES = promql.over("present_over_time", CATALOG.buildInfo, "1d");
const READY = `${promql.series(CATALOG.ready)} == 1`;

const perDeployment = (expression: string) => `count by (${DEPLOYMENT.join(", ")}) (${expression})`;

// A deployment of the last hours without a ready proxy. Where there is none at all, as after a
// long outage or with a scrape job that finds nothing, the absence itself.
const NONE_READY =
  `${perDeployment(promql.over("present_over_time", CATALOG.buildInfo, "6h"))} ` +
  `unless ${perDeployment(READY)} or on () absent(${READY})`;

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
      value: NONE_READY,
      for: "2m",
      severity: "critical",
      summary: "No proxy{{ with $labels.job }} of {{ . }}{{ end }} is ready",
      description:
        "None is scraped whose `/ready` answers 200: all are down, have no configuration or one older " +
        "than 24 hours, lost their workers, or Prometheus does not find them. Applications get no keys.",
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
    {
      name: "TspWorkersRestarting",
      value: promqlRare.increaseBy(CATALOG.workerRestarts, INSTANCE),
      limit: `> ${LIMITS.workerRestarts}`,
      for: "0m",
      severity: "warning",
      summary:
        "Worker processes of {{ $labels.instance }} ended about {{ $value | humanize }} times within 15 minutes",
      description:
        "The primary process replaces them, so the proxy goes on. Each one takes the requests with it " +
        "that it was serving.",
    },
  ],
};
