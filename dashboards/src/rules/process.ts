import { CATALOG, PROCESS_CATALOG } from "@tenant-security/metrics";
import { type AlertGroup, promql } from "./alert.ts";
import { LIMITS } from "./limits.ts";

const OPEN = promql.series(PROCESS_CATALOG.openDescriptors);
const MOST = promql.series(PROCESS_CATALOG.maxDescriptors);

export const PROCESS: AlertGroup = {
  name: "tsp-process",
  alerts: [
    {
      name: "TspDescriptorsNearLimit",
      value: `${OPEN} / ${MOST}`,
      limit: `> ${LIMITS.descriptorShare}`,
      for: "5m",
      severity: "warning",
      summary:
        "{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its file descriptors",
      description:
        "Each client, KMS call and event reader needs one. Near the limit new connections are " +
        "closed at once.",
    },
    {
      name: "TspEventLoopHeldUp",
      value: promql.series(CATALOG.eventLoopLag),
      limit: `> ${LIMITS.eventLoopLagSeconds}`,
      for: "5m",
      severity: "warning",
      summary:
        "The event loop of {{ $labels.instance }} stops for {{ $value | humanizeDuration }} again and again",
      description:
        "Every request waits meanwhile, and so do health checks. Usually the CPU limit is too low " +
        "for the traffic, or a batch is very large.",
    },
  ],
};
