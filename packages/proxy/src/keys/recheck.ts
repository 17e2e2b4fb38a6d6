import { Pace } from "../pace.ts";
import type { Snapshot } from "../tenants/source.ts";
import type { KmsConfiguration } from "../tenants/tenant.ts";
import { configurationOf } from "./configuration.ts";
import { fanOut } from "./fan-out.ts";
import type { HeldKey } from "./held-key.ts";
import type { KeyOpener } from "./open-key.ts";

export interface RecheckOptions {
  /** All keys of one kind that are in the clear. */
  readonly keys: Iterable<HeldKey>;
  /** Wipes one key and forgets it. */
  readonly drop: (key: HeldKey) => void;
  readonly opener: KeyOpener;
  /** A key stays; whoever uses it next is to look at it again. */
  readonly onStay?: (key: HeldKey) => void;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
}

export interface RecheckSummary {
  /** Keys whose KMS was asked. */
  readonly checked: number;
  /** Keys wiped: withdrawn, too old, or of a configuration that changed or went. */
  readonly dropped: number;
}

/** Small beside a configuration's bulkhead: requests come first. */
const CONCURRENCY = 32;

/**
 * What happens to keys in memory at each refresh. Whatever the snapshot does not stand for any more
 * is wiped; keys in use are asked for at their KMS; the others wait for that until someone wants
 * them, so that a KMS is not asked every ten minutes about keys that nobody uses.
 */
export async function recheckKeys(
  snapshot: Snapshot,
  { keys, drop, opener, onStay, now }: RecheckOptions,
): Promise<RecheckSummary> {
  const inUse: (readonly [HeldKey, KmsConfiguration])[] = [];
  const pace = new Pace();
  let dropped = 0;
  for (const key of keys) {
    const pause = pace.next();
    if (pause !== undefined) await pause;
    if (key.released) continue;
    const configuration = configurationOf(snapshot, key);
    if (now() >= key.expiresAt) {
      drop(key);
      dropped += 1;
    } else if (configuration === undefined) {
      opener.outdated(key, drop);
      dropped += 1;
    } else {
      onStay?.(key);
      if (key.used) inUse.push([key, configuration]);
      else key.verified = false;
      key.used = false;
    }
  }
  await fanOut(inUse, CONCURRENCY, async ([key, configuration]) => {
    // Again after each pause: not all strands find room in one slice.
    for (let pause = pace.next(); pause !== undefined; pause = pace.next()) await pause;
    if (key.released) return;
    const refusal = await opener.check(key, configuration, drop);
    if (refusal !== undefined) dropped += 1;
  });
  return { checked: inUse.length, dropped };
}
