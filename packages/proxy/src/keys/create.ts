import { sealsWith } from "../edek/lease-ciphers.ts";
import type { Settings } from "../config/settings.ts";
import type { SecretStore, Snapshot } from "../tenants/source.ts";
import { batchUnwrapKeys } from "./batch-unwrap.ts";
import { batchWrapKeys } from "./batch-wrap.ts";
import type { CurrentTenants, KeyContext } from "./context.ts";
import { deriveKeys } from "./derive.ts";
import type { KeyVault } from "./held-key.ts";
import { kmsTypeOf } from "./kms-type.ts";
import type { KeyExchange } from "./key-exchange.ts";
import type { KmsPool } from "./kms-pool.ts";
import { LeaseMaker } from "./lease-maker.ts";
import { LeaseMemory } from "./lease-memory.ts";
import { LeaseSealer } from "./lease-sealer.ts";
import { Leases, type LeasesStats } from "./leases.ts";
import { KeyOpener } from "./open-key.ts";
import type { EventPort, KeyCounter, KeyNotices } from "./ports.ts";
import { RandomPool } from "./random-pool.ts";
import { ReadyLeases } from "./ready/ready-leases.ts";
import { Rechecks } from "./rechecks.ts";
import type { RecheckSummary } from "./recheck.ts";
import { rekeyKey } from "./rekey.ts";
import { Secrets } from "./secrets.ts";
import type { KeyService } from "./service.ts";
import { unwrapKey } from "./unwrap.ts";
import { wrapKey } from "./wrap.ts";

export interface KeyServiceOptions {
  readonly tenants: CurrentTenants;
  readonly secretStore: SecretStore;
  /** Stays the caller's, who closes it after the service. */
  readonly kms: KmsPool;
  readonly events: EventPort;
  readonly counter: KeyCounter;
  readonly settings: Settings["keys"];
  readonly notices?: KeyNotices;
  /** Left out: no other process needs keys of this one. */
  readonly exchange?: KeyExchange | undefined;
  /**
   * Tenants that may have a wrapping lease at the same time; the lease of the least recently used
   * one only unwraps from then on. Default: 131 072, which is 4 MiB of locked memory.
   */
  readonly maxWrappingLeases?: number;
  /** Milliseconds of a monotonic clock. Default: `performance.now`. */
  readonly now?: () => number;
}

export interface KeyServiceStats extends LeasesStats {
  readonly secrets: number;
  /** Keys in the clear, of whichever kind. */
  readonly keysInMemory: number;
  /** Whether all of them are in memory that is never swapped out. */
  readonly memoryLocked: boolean;
}

/** The use cases and what keeps their keys in order. */
export interface RunningKeyService extends KeyService {
  readonly stats: KeyServiceStats;

  /**
   * At every refresh of the configuration, changed or not: wipes keys that the snapshot does not
   * stand for any more, asks each KMS about the keys in use, closes clients nobody needs. Calls
   * that come while one is under way share the next one. Never rejects.
   */
  recheck(snapshot: Snapshot): Promise<RecheckSummary>;

  /** Wipes every key. Afterwards only unleased keys could still be used. */
  close(): Promise<void>;
}

const MAX_WRAPPING_LEASES = 131_072;

const SWEEP_INTERVAL_MS = 60_000;

/** Puts the use cases together. Starts one timer, asks no KMS. */
export function createKeyService(options: KeyServiceOptions): RunningKeyService {
  const { now = () => performance.now(), notices = {} } = options;
  const { tenants, events, counter, kms, settings } = options;
  const random = new RandomPool();
  const memory = new LeaseMemory();
  const bound = settings.binding === "tenant";
  const parts = { ...options, now, notices, random, memory, bound };
  const leases = createLeases(parts);
  const secrets = createSecrets(parts, leases);
  const context: KeyContext = { tenants, events, counter, random, kms, leases, secrets, bound };
  const rechecks = new Rechecks({ leases, secrets, kms });
  const sweeping = setInterval(() => {
    leases.sweep();
    secrets.sweep();
  }, SWEEP_INTERVAL_MS).unref();

  return {
    ...useCases(context),
    recheck: (snapshot) => rechecks.run(snapshot),

    get stats() {
      return {
        ...leases.stats,
        secrets: secrets.size,
        keysInMemory: memory.used,
        memoryLocked: memory.locked,
      };
    },

    async close() {
      clearInterval(sweeping);
      await Promise.all([leases.close(), secrets.close()]);
      memory.close();
      random.wipe();
    },
  };
}

function useCases(context: KeyContext): KeyService {
  return {
    wrap: (call) => wrapKey(context, call),
    unwrap: (call, edek) => unwrapKey(context, call, edek),
    batchWrap: (call, documentIds) => batchWrapKeys(context, call, documentIds),
    batchUnwrap: (call, edeks) => batchUnwrapKeys(context, call, edeks),
    rekey: (call, edek, newTenantId) => rekeyKey(context, call, edek, newTenantId),
    derive: (call, request) => deriveKeys(context, call, request),
    kmsTypeOf: (tenantId) => kmsTypeOf(context, tenantId),
  };
}

interface Parts extends Omit<KeyServiceOptions, "now" | "notices"> {
  readonly now: () => number;
  readonly notices: KeyNotices;
  readonly random: RandomPool;
  readonly memory: LeaseMemory;
  readonly bound: boolean;
}

function createLeases(parts: Parts): Leases {
  const { counter, exchange, kms, memory, notices, now, random, settings } = parts;
  const { leaseCacheSize, leaseMaxAgeMs: maxAgeMs, leaseMaxWraps: maxWraps } = settings;
  const { maxWrappingLeases = MAX_WRAPPING_LEASES } = parts;
  const vault: KeyVault = { memory, keys: new Set() };
  const cipher = sealsWith(settings);
  const sealer = new LeaseSealer(cipher, random);
  return new Leases({
    vault,
    ready: new ReadyLeases({ memory, sealer, cipher, now }),
    maker: new LeaseMaker({
      kms,
      vault,
      random,
      counter,
      cipher,
      sealer,
      maxAgeMs,
      maxWraps,
      now,
      exchange,
    }),
    counter,
    opener: createOpener(parts, vault, "lease_unwrap"),
    maxMinted: maxWrappingLeases,
    maxOpened: leaseCacheSize,
    now,
    onRefreshFailed: (id, error) => notices.leaseRefreshFailed?.(id, error),
  });
}

function createSecrets(parts: Parts, leases: Leases): Secrets {
  const { bound, counter, kms, memory, now, random, secretStore: store, settings } = parts;
  const vault: KeyVault = { memory, keys: new Set() };
  return new Secrets({
    store,
    vault,
    opener: createOpener(parts, vault, "secret_unwrap"),
    counter,
    random,
    sealing: { kms, bound },
    opening: { kms, leases },
    max: settings.secretCacheSize,
    now,
  });
}

function createOpener(
  { counter, exchange, kms, notices, now, settings }: Parts,
  vault: KeyVault,
  operation: "lease_unwrap" | "secret_unwrap",
): KeyOpener {
  return new KeyOpener({
    kms,
    vault,
    counter,
    exchange,
    operation,
    maxAgeMs: settings.leaseMaxAgeMs,
    now,
    onWithdrawn: (id, error) => notices.keyWithdrawn?.(id, error),
    onOutdated: (id) => notices.keyOutdated?.(id),
  });
}
