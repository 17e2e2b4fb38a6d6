import type { Snapshot } from "../tenants/source.ts";
import type { KmsPool } from "./kms-pool.ts";
import type { RecheckSummary } from "./recheck.ts";

interface Rechecked {
  recheck(snapshot: Snapshot): Promise<RecheckSummary>;
}

export interface RechecksOptions {
  readonly leases: Rechecked;
  readonly secrets: Rechecked;
  readonly kms: Pick<KmsPool, "retain">;
}

/** One re-check at a time; whoever asks meanwhile shares the one after it, on the newest snapshot. */
export class Rechecks {
  readonly #options: RechecksOptions;
  #running: Promise<unknown> = Promise.resolve();
  #next: Promise<RecheckSummary> | undefined;
  #newest: Snapshot | undefined;

  constructor(options: RechecksOptions) {
    this.#options = options;
  }

  run(snapshot: Snapshot): Promise<RecheckSummary> {
    this.#newest = snapshot;
    this.#next ??= this.#after(this.#running);
    return this.#next;
  }

  async #after(running: Promise<unknown>): Promise<RecheckSummary> {
    await running;
    const snapshot = this.#newest!;
    this.#next = undefined;
    const checking = this.#check(snapshot);
    this.#running = checking;
    return checking;
  }

  async #check(snapshot: Snapshot): Promise<RecheckSummary> {
    const { leases, secrets, kms } = this.#options;
    const [ofLeases, ofSecrets] = await Promise.all([
      leases.recheck(snapshot),
      secrets.recheck(snapshot),
    ]);
    kms.retain((id) => snapshot.configuration(id));
    return {
      checked: ofLeases.checked + ofSecrets.checked,
      dropped: ofLeases.dropped + ofSecrets.dropped,
    };
  }
}
