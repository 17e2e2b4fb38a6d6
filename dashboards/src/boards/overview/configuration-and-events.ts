import { CATALOG } from "@tenant-security/metrics";
import { LIMITS } from "../../rules/limits.ts";
import { query, type Row } from "../board.ts";
import { lines } from "../panels.ts";
import { describe } from "../views.ts";

export const CONFIGURATION_ROW: Row = {
  title: "Configuration",
  panels: [
    lines({
      title: "Age of the configuration",
      description: describe(CATALOG.kmsLastConfigRefresh),
      unit: "s",
      limit: LIMITS.configStaleSeconds,
      lines: [
        {
          expression: `time() - ${query.series(CATALOG.kmsLastConfigRefresh)}`,
          legend: "{{instance}}",
        },
      ],
    }),
    lines({
      title: "Failed refreshes",
      description: describe(CATALOG.configRefreshFailures),
      unit: "short",
      lines: [
        {
          expression: query.increaseBy(CATALOG.configRefreshFailures, ["instance"]),
          legend: "{{instance}}",
        },
      ],
    }),
    lines({
      title: "Tenants, and configurations that cannot be used",
      description: `${describe(CATALOG.tenants)} ${describe(CATALOG.kmsConfigurationsUnusable)}`,
      unit: "short",
      lines: [
        { expression: `max(${query.series(CATALOG.tenants)})`, legend: "tenants" },
        {
          expression: `max(${query.series(CATALOG.kmsConfigurationsUnusable)})`,
          legend: "unusable",
        },
      ],
    }),
  ],
};

export const EVENTS_ROW: Row = {
  title: "Security events",
  panels: [
    lines({
      title: "Events",
      description: describe(CATALOG.eventsAccepted),
      unit: "cps",
      lines: [
        { expression: query.rateBy(CATALOG.eventsAccepted, []), legend: "accepted" },
        { expression: query.rateBy(CATALOG.eventsSent, []), legend: "sent" },
        {
          expression: query.rateBy(CATALOG.eventsDropped, ["reason"]),
          legend: "dropped, {{reason}}",
        },
      ],
    }),
    lines({
      title: "Event failures",
      description: describe(CATALOG.securityEventFailures),
      unit: "cps",
      limit: LIMITS.eventFailuresPerSecond,
      lines: [{ expression: query.rateBy(CATALOG.securityEventFailures, []), legend: "failures" }],
    }),
    lines({
      title: "Event queue, share in use",
      description: describe(CATALOG.eventQueueCapacity),
      unit: "percentunit",
      max: 1,
      limit: LIMITS.eventQueueShare,
      lines: [
        {
          expression: `${query.series(CATALOG.eventQueueLength)} / ${query.series(CATALOG.eventQueueCapacity)}`,
          legend: "{{instance}}",
        },
      ],
    }),
  ],
};
