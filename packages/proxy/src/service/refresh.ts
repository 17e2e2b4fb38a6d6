import type { Metrics } from "@tenant-security/metrics";
import type { Logger } from "pino";
import type { Settings } from "../config/settings.ts";
import type { HealthState } from "../health/state.ts";
import { SnapshotRefresher } from "../tenants/refresher.ts";
import type { Snapshot, TenantSource } from "../tenants/source.ts";
import { tenantNotices } from "./tenant-notices.ts";

export interface RefreshParts {
  readonly settings: Settings;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly health: Pick<HealthState, "stale">;
  readonly source: Pick<TenantSource, "load" | "watch">;
  /** Asks every KMS about the keys in use, after each refresh, also a failed one. */
  readonly recheck: (snapshot: Snapshot) => void;
}

/** Refreshes come up to a tenth later than their interval. */
const JITTER = 1.1;

/** Keeps the configuration fresh, and health, metrics and log informed. Starts nothing yet. */
export function createRefresher(parts: RefreshParts): SnapshotRefresher {
  const { settings, metrics, logger, health, source, recheck } = parts;
  const { refreshIntervalMs, maxAgeMs } = settings.source;
  const notices = tenantNotices(metrics, logger);
  metrics.leaseMaxRevocation.set((refreshIntervalMs * JITTER + settings.kms.timeoutMs) / 1_000);
  const refresher = new SnapshotRefresher({
    source,
    intervalMs: refreshIntervalMs,
    maxAgeMs,
    onRefresh: (refresh) => {
      notices.onRefresh(refresh);
      recheck(refresh.snapshot);
    },
    onFailure: (error) => {
      notices.onFailure(error);
      // A tenant's right to revoke does not depend on whether the file can be read.
      if (refresher.ready) recheck(refresher.current());
    },
    onReady: (ready) => health.stale(ready ? undefined : "the configuration is too old"),
  });
  return refresher;
}
