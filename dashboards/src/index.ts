import { renderAdapterConfig } from "./autoscaling/adapter.ts";
import { buildAllMetrics } from "./boards/all-metrics.ts";
import { buildOverview } from "./boards/overview.ts";
import { renderRuleFile } from "./rules/rule-file.ts";
import { renderRunbookIndex } from "./runbook-index.ts";

/** Every file made from this package: its path in the repository, and what writes its text. */
export const FILES: Readonly<Record<string, () => string>> = {
  "dashboards/json/tsp-all-metrics.json": () => json(buildAllMetrics()),
  "dashboards/json/tsp-overview.json": () => json(buildOverview()),
  "dashboards/rules/prometheus-adapter.yaml": renderAdapterConfig,
  "dashboards/rules/tsp-alerts.yaml": renderRuleFile,
  "docs/runbooks/README.md": renderRunbookIndex,
};

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
