import type { Metrics } from "@tenant-security/metrics";
import type { Logger } from "pino";
import type { RefresherOptions } from "../tenants/refresher.ts";
import type { Snapshot } from "../tenants/source.ts";

/** Lines logged for one version of the configuration; `check` shows all of them. */
const MAX_PROBLEMS = 50;

/** Tells operators about each refresh of the configuration. */
export function tenantNotices(
  metrics: Metrics,
  logger: Logger,
): Required<Pick<RefresherOptions, "onRefresh" | "onFailure">> {
  return {
    onRefresh({ snapshot, changed, at }) {
      metrics.kmsLastConfigRefresh.set(at / 1_000);
      if (!changed) return;
      const { tenants, unusable } = snapshot;
      metrics.tenants.set(tenants.size);
      metrics.kmsConfigurationsUnusable.set(unusable);
      logger.info({ tenants: tenants.size, unusable }, "configuration loaded");
      logProblems(snapshot, logger);
    },
    onFailure(error) {
      metrics.configRefreshFailures.inc();
      const reason = error instanceof Error ? error.message : String(error);
      logger.error({ reason }, "configuration not refreshed, the last good one stays");
    },
  };
}

function logProblems({ problems }: Snapshot, logger: Logger): void {
  for (const problem of problems.slice(0, MAX_PROBLEMS)) logger.warn({ problem }, "configuration");
  const more = problems.length - MAX_PROBLEMS;
  if (more > 0) logger.warn({ more }, "more problems: tenant-security-proxy check lists all");
}
