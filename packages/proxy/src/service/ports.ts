import type { Logger } from "pino";
import type { DriverFactory } from "../keys/kms-client.ts";
import type { TenantSource } from "../tenants/source.ts";
import type { KmsType } from "../tenants/tenant.ts";

/** Where a running service can be reached; port 0 has become the real one. */
export interface Addresses {
  readonly http: string;
  readonly health: string;
  /** Undefined while events are off. */
  readonly events: string | undefined;
}

export interface ServiceDependencies {
  readonly logger: Logger;
  /** Environment that `fromEnv` of the configuration file may name. Default: the process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default: a file source over `TSP_CONFIG_FILE`. */
  readonly source?: TenantSource;
  /** Default: every vendor of `@tenant-security/kms-adapters`. */
  readonly drivers?: Readonly<Record<KmsType, DriverFactory>>;
}

export interface Service {
  /**
   * Opens every port and loads the tenants. Call it once.
   * @throws Error of whatever cannot be opened; everything else is closed again by then
   */
  start(): Promise<Addresses>;

  /**
   * Stops as architecture 11 wants it, within `TSP_SHUTDOWN_DEADLINE_MS`. Never rejects; `cut` says
   * whether the deadline cut off a request. May be called while `start` is under way.
   */
  stop(): Promise<Stopped>;
}

export interface Stopped {
  readonly cut: boolean;
}
