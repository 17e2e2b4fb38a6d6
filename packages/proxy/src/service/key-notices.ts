import type { Metrics } from "@tenant-security/metrics";
import type { Logger } from "pino";
import { ProxyError } from "../errors.ts";
import type { KeyNotices } from "../keys/ports.ts";
import type { RunningKeyService } from "../keys/create.ts";

/** Tells operators what happens to keys in memory without any request asking for it. */
export function keyNotices(metrics: Metrics, logger: Logger): KeyNotices {
  return {
    leaseRefreshFailed(configurationId, error) {
      const { fullMessage: reason } = ProxyError.from(error);
      logger.warn({ configuration_id: configurationId, reason }, "lease not renewed");
    },
    keyWithdrawn(configurationId, error) {
      const { fullMessage: reason, status } = ProxyError.from(error);
      const denied = status === "KMS_AUTHORIZATION_FAILED";
      metrics.leaseRevocations.with({ reason: denied ? "access_denied" : "key_unavailable" }).inc();
      logger.warn({ configuration_id: configurationId, reason }, "key withdrawn by KMS");
    },
    keyOutdated() {
      metrics.leaseRevocations.with({ reason: "configuration_changed" }).inc();
    },
  };
}

/** Shows how many keys are in memory. */
export function observeKeys(metrics: Metrics, keys: Pick<RunningKeyService, "stats">): void {
  metrics.leases.with({ origin: "minted" }).collect(() => keys.stats.minted);
  metrics.leases.with({ origin: "unwrapped" }).collect(() => keys.stats.opened);
}
