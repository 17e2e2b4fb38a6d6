import { CATALOG } from "@tenant-security/metrics";
import { type AlertGroup, DEPLOYMENT, promql, promqlRare } from "./alert.ts";
import { LIMITS } from "./limits.ts";

const FAILURES = CATALOG.securityEventFailures;
const LENGTH = promql.series(CATALOG.eventQueueLength);
const CAPACITY = promql.series(CATALOG.eventQueueCapacity);

export const EVENTS: AlertGroup = {
  name: "tsp-events",
  alerts: [
    {
      name: "TspSecurityEventsLost",
      value: promqlRare.increaseBy(FAILURES, DEPLOYMENT),
      limit: "> 0",
      for: "1m",
      severity: "warning",
      summary: "About {{ $value | humanize }} security events were lost within 15 minutes",
      description:
        "Each is a use of a key that the event stream does not show or, in the mode require, a " +
        "request refused with code 301.",
    },
    {
      name: "TspSecurityEventsFailing",
      value: promql.rateBy(FAILURES, DEPLOYMENT),
      limit: `> ${LIMITS.eventFailuresPerSecond}`,
      for: "5m",
      severity: "critical",
      summary: "{{ $value | humanize }} security events a second are lost",
      description:
        "Nobody reads the event stream, or readers are slower than the traffic. In the mode require " +
        "applications get code 301 instead of keys.",
    },
    {
      name: "TspEventQueueFilling",
      value: `${LENGTH} / ${CAPACITY}`,
      limit: `> ${LIMITS.eventQueueShare}`,
      for: "1m",
      severity: "warning",
      summary:
        "The event queue of {{ $labels.instance }} is {{ $value | humanizePercentage }} full",
      description: "Events are lost when it is full. Readers are too slow, or too few.",
    },
  ],
};
