import type { Snapshot } from "../tenants/source.ts";
import type { KmsPool } from "./kms-pool.ts";
import type { Leases } from "./leases.ts";
import type { EventPort, KeyCounter } from "./ports.ts";
import type { RandomPool } from "./random-pool.ts";
import type { Secrets } from "./secrets.ts";

/** The snapshot that a request is to use from beginning to end. */
export interface CurrentTenants {
  /** @throws ProxyError 100 while there is none that is fresh enough */
  current(): Snapshot;
}

/** What every use case works with. */
export interface KeyContext {
  readonly tenants: CurrentTenants;
  readonly events: EventPort;
  readonly counter: KeyCounter;
  readonly random: RandomPool;
  readonly kms: KmsPool;
  readonly leases: Leases;
  readonly secrets: Secrets;
  /** Whether what is written for a KMS carries the tag of its binding. */
  readonly bound: boolean;
}
