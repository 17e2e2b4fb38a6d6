import { onTestFinished } from "vitest";
import type { Settings } from "../../../src/config/settings.ts";
import { createKeyService, type RunningKeyService } from "../../../src/keys/create.ts";
import type { BreakerChange, DriverFactory } from "../../../src/keys/kms-client.ts";
import { KmsPool, type KmsPoolOptions } from "../../../src/keys/kms-pool.ts";
import type { Call, KeyOperation } from "../../../src/keys/ports.ts";
import type { Snapshot } from "../../../src/tenants/source.ts";
import {
  KMS_TYPES,
  type KmsConfiguration,
  type KmsType,
  type Tenant,
} from "../../../src/tenants/tenant.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeEvents } from "./fake-events.ts";
import { FakeSecretStore } from "./fake-secret-store.ts";
import { FakeVendor } from "./fake-vendor.ts";

export interface AssignmentSketch {
  readonly id: number;
  readonly leased?: boolean;
  readonly active?: boolean;
  readonly primary?: boolean;
  readonly fingerprint?: string;
  readonly usable?: boolean;
}

export interface TenantSketch {
  readonly assignments: readonly AssignmentSketch[];
  readonly keyLeasingRequired?: boolean;
}

export type TenantSketches = Readonly<Record<string, TenantSketch>>;

export interface WorldOptions {
  readonly tenants: TenantSketches;
  readonly keys?: Partial<Settings["keys"]>;
  readonly kms?: Partial<KmsPoolOptions>;
  /** Default: a {@link FakeVendor}. */
  readonly driver?: DriverFactory;
  /** Other parts, for a second proxy over the same KMS. */
  readonly vendor?: FakeVendor;
  readonly clock?: FakeClock;
  readonly store?: FakeSecretStore;
  readonly maxWrappingLeases?: number;
}

/** A key service with everything around it under control. */
export interface World {
  readonly service: RunningKeyService;
  readonly pool: KmsPool;
  readonly vendor: FakeVendor;
  readonly events: FakeEvents;
  readonly store: FakeSecretStore;
  readonly clock: FakeClock;
  readonly counts: Map<KeyOperation, number>;
  readonly lookUps: string[];
  readonly breakerChanges: BreakerChange[];
  readonly withdrawn: number[];
  /** Puts another snapshot in place; nothing is re-checked by that alone. */
  setTenants(tenants: TenantSketches): Snapshot;
  readonly snapshot: () => Snapshot;
  /** From now on there is no snapshot that is fresh enough. */
  failTenants(error: Error): void;
}

const KEY_SETTINGS: Settings["keys"] = {
  binding: "tenant",
  leaseCipher: "xchacha20-poly1305",
  leaseMaxAgeMs: 86_400_000,
  leaseMaxWraps: 2 ** 30,
  leaseCacheSize: 1_000,
  secretCacheSize: 100,
};

export function buildWorld(options: WorldOptions): World {
  const { vendor = new FakeVendor(), clock = new FakeClock() } = options;
  const { store = new FakeSecretStore() } = options;
  const { driver = async ({ id }) => vendor.driver(id) } = options;
  const counts = new Map<KeyOperation, number>();
  const lookUps: string[] = [];
  const breakerChanges: BreakerChange[] = [];
  const withdrawn: number[] = [];
  const pool = new KmsPool({
    drivers: driversOf(driver),
    timeoutMs: 5_000,
    concurrency: 64,
    queueSize: 1_000,
    clientCacheSize: 100,
    maxConcurrent: 1_000,
    onBreaker: (change) => breakerChanges.push(change),
    ...options.kms,
  });
  let snapshot = snapshotOf(options.tenants);
  let failure: Error | undefined;
  const events = new FakeEvents();
  const service = createKeyService({
    tenants: {
      current() {
        if (failure !== undefined) throw failure;
        return snapshot;
      },
    },
    secretStore: store,
    kms: pool,
    events,
    counter: {
      count: (operation, times = 1) =>
        void counts.set(operation, (counts.get(operation) ?? 0) + times),
      lookedUp: (result) => void lookUps.push(result),
    },
    settings: { ...KEY_SETTINGS, ...options.keys },
    notices: { keyWithdrawn: (id) => void withdrawn.push(id) },
    now: clock.now,
    ...(options.maxWrappingLeases !== undefined && {
      maxWrappingLeases: options.maxWrappingLeases,
    }),
  });
  onTestFinished(async () => {
    await service.close();
    await pool.close();
  });
  const setTenants = (tenants: TenantSketches): Snapshot => {
    snapshot = snapshotOf(tenants);
    return snapshot;
  };
  return {
    service,
    pool,
    vendor,
    events,
    store,
    clock,
    counts,
    lookUps,
    breakerChanges,
    withdrawn,
    setTenants,
    snapshot: () => snapshot,
    failTenants(error) {
      failure = error;
    },
  };
}

export function driversOf(driver: DriverFactory): Readonly<Record<KmsType, DriverFactory>> {
  return Object.fromEntries(KMS_TYPES.map((type) => [type, driver])) as Record<
    KmsType,
    DriverFactory
  >;
}

export function snapshotOf(tenants: TenantSketches): Snapshot {
  const entries = Object.entries(tenants).map(
    ([id, sketch]) => [id, tenantOf(id, sketch)] as const,
  );
  const configurations = new Map(
    entries
      .flatMap(([, { assignments }]) => assignments)
      .map(({ configuration: each }) => [each.id, each] as const),
  );
  return {
    tenants: new Map(entries),
    problems: [],
    unusable: 0,
    configuration: (id) => configurations.get(id),
  };
}

export function configuration(
  id: number,
  members: Partial<KmsConfiguration> = {},
): KmsConfiguration {
  return {
    usable: true,
    id,
    type: "LOCAL",
    keyPath: {},
    leasingAllowed: false,
    fingerprint: `fingerprint-${id}`,
    openCredentials: async () => ({}),
    ...members,
  };
}

export function call(tenantId: string, signal?: AbortSignal): Call {
  return {
    tenantId,
    rayId: "0123456789abcdef",
    iclFields: { requestingId: "somebody" },
    customFields: {},
    abandoned: false,
    get signal() {
      return signal ?? AbortSignal.timeout(30_000);
    },
  };
}

function tenantOf(id: string, { assignments, keyLeasingRequired = false }: TenantSketch): Tenant {
  return {
    id,
    keyLeasingRequired,
    assignments: assignments.map((sketch) => {
      const { active = true, primary = false, leased = false, usable = true } = sketch;
      const { fingerprint = `fingerprint-${sketch.id}` } = sketch;
      return {
        active,
        primary,
        configuration: usable
          ? configuration(sketch.id, { leasingAllowed: leased, fingerprint })
          : { usable: false, id: sketch.id, reason: "it is broken" },
      };
    }),
  };
}

/** One tenant on one configuration, which is its primary. */
export function single(id: number, sketch: Partial<AssignmentSketch> = {}): TenantSketch {
  return { assignments: [{ id, primary: true, ...sketch }] };
}
