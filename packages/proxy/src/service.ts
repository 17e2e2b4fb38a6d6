import type { EventQueue } from "@tenant-security/event-queue";
import { createMetrics } from "@tenant-security/metrics";
import type { Logger } from "pino";
import { packageVersion } from "./version.ts";
import { formatAddress } from "./config/bind-address.ts";
import type { Address, Settings } from "./config/settings.ts";
import { descriptorBudget, type DescriptorBudget, descriptorLimit } from "./descriptors.ts";
import { createDrivers } from "./drivers.ts";
import { EventRecorder } from "./events/recorder.ts";
import { createFileSource } from "./file-source/source.ts";
import { HealthServer } from "./health/server.ts";
import { HealthState } from "./health/state.ts";
import { HttpServer } from "./http/server/http-server.ts";
import { readTlsPair, type TlsFiles, type TlsPair } from "./http/server/tls.ts";
import { watchTls } from "./http/server/tls-watch.ts";
import { createKeyService, type RunningKeyService } from "./keys/create.ts";
import type { DriverFactory } from "./keys/kms-client.ts";
import { callsPerConfiguration, KmsPool } from "./keys/kms-pool.ts";
import { StopDeadline } from "./service/deadline.ts";
import { observeEvents, openEventStream } from "./service/event-stream.ts";
import { keyNotices, observeKeys } from "./service/key-notices.ts";
import {
  breakerObserver,
  httpObserver,
  keyCounter,
  kmsObserver,
  observeOverload,
} from "./service/observers.ts";
import { tenantNotices } from "./service/tenant-notices.ts";
import { SnapshotRefresher } from "./tenants/refresher.ts";
import type { Snapshot, TenantSource } from "./tenants/source.ts";
import type { KmsType } from "./tenants/tenant.ts";

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
  stop(): Promise<{ readonly cut: boolean }>;
}

/** Puts every part of the proxy together. Opens nothing before `start`. */
export function createService(settings: Settings, dependencies: ServiceDependencies): Service {
  return new ProxyService(settings, dependencies);
}

/** How long stopping keeps back for events, out of its deadline. */
const EVENTS_SHARE = 0.1;

/** Refreshes come up to a tenth later than their interval. */
const JITTER = 1.1;

type Ending = (deadline: StopDeadline) => unknown;

class ProxyService implements Service {
  readonly #settings: Settings;
  readonly #dependencies: ServiceDependencies;
  readonly #logger: Logger;
  readonly #metrics = createMetrics();
  readonly #health = new HealthState();
  readonly #budget: DescriptorBudget;
  /** In the order of opening; a stop goes through them from the last to the first. */
  readonly #endings: Ending[] = [];
  #refresher: SnapshotRefresher | undefined;
  #http: HttpServer | undefined;
  #starting: Promise<Addresses> | undefined;
  #stopping: Promise<{ readonly cut: boolean }> | undefined;

  constructor(settings: Settings, dependencies: ServiceDependencies) {
    this.#settings = settings;
    this.#dependencies = dependencies;
    this.#logger = dependencies.logger;
    this.#budget = descriptorBudget(descriptorLimit(), {
      kmsClients: settings.kms.clientCacheSize,
      connections: settings.http.maxConnections,
    });
    this.#metrics.buildInfo.with({ version: packageVersion() }).set(1);
  }

  start(): Promise<Addresses> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  stop(): Promise<{ readonly cut: boolean }> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #start(): Promise<Addresses> {
    try {
      return await this.#open();
    } catch (error) {
      await this.#close(new StopDeadline(this.#settings.shutdown.deadlineMs));
      throw error;
    }
  }

  async #open(): Promise<Addresses> {
    const { http, health, kms } = this.#settings;
    const { allowedHosts, endpoints: kmsEndpoints } = kms;
    this.#logger.info({ ...this.#budget, allowedHosts, kmsEndpoints }, "starting");
    const healthAddress = await this.#openHealth();
    const queue = await this.#openEvents();
    const recorder = this.#recorder(queue);
    const keys = await this.#openKeys(recorder);
    const httpAddress = await this.#openHttp(keys, recorder);
    this.#health.serve();
    const addresses = {
      http: formatAddress({ ...http.address, port: httpAddress.port }),
      health: formatAddress({ ...health.address, port: healthAddress.port }),
      events: queue?.endpoint.replace(/^tcp:\/\//, ""),
    };
    this.#logger.info({ ...addresses, tls: http.tls !== undefined }, "serving");
    return addresses;
  }

  async #openHealth(): Promise<Address> {
    const server = new HealthServer(this.#health);
    const address = await server.listen(this.#settings.health.address);
    this.#endings.push(() => server.close());
    return address;
  }

  async #openEvents(): Promise<EventQueue | undefined> {
    const queue = await openEventStream(this.#settings, this.#logger);
    if (queue !== undefined) this.#endings.push((deadline) => queue.close(deadline.left()));
    return queue;
  }

  #recorder(sink: EventQueue | undefined): EventRecorder {
    let refused = 0;
    observeEvents(this.#metrics, sink, () => refused);
    return new EventRecorder({
      sink,
      mode: this.#settings.events.mode,
      onRefused: () => {
        refused += 1;
      },
    });
  }

  async #openKeys(events: EventRecorder): Promise<RunningKeyService> {
    const metrics = this.#metrics;
    const source = this.#source();
    const refresher = this.#createRefresher(source, (snapshot) => void keys.recheck(snapshot));
    const kms = this.#createPool();
    const keys = createKeyService({
      tenants: refresher,
      secretStore: source.secrets,
      kms,
      events,
      counter: keyCounter(metrics),
      settings: this.#settings.keys,
      notices: keyNotices(metrics, this.#logger),
    });
    observeKeys(metrics, keys);
    this.#endings.push((deadline) => deadline.spend(keys.close()));
    this.#endings.push((deadline) => deadline.spend(kms.close()));
    this.#endings.push((deadline) => deadline.spend(refresher.close()));
    this.#refresher = refresher;
    await refresher.start();
    return keys;
  }

  #source(): TenantSource {
    const { source, env = process.env } = this.#dependencies;
    return source ?? createFileSource({ file: this.#settings.source.configFile, env });
  }

  #createRefresher(source: TenantSource, recheck: (snapshot: Snapshot) => void): SnapshotRefresher {
    const { refreshIntervalMs, maxAgeMs } = this.#settings.source;
    const { kms } = this.#settings;
    const notices = tenantNotices(this.#metrics, this.#logger);
    this.#metrics.leaseMaxRevocation.set((refreshIntervalMs * JITTER + kms.timeoutMs) / 1_000);
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
      onReady: (ready) => this.#health.stale(ready ? undefined : "the configuration is too old"),
    });
    return refresher;
  }

  #createPool(): KmsPool {
    const { timeoutMs, concurrency, queueSize } = this.#settings.kms;
    const { kmsCalls: maxConcurrent, kmsClients, kmsSockets } = this.#budget;
    const limits = { timeoutMs, concurrency, queueSize, maxConcurrent };
    const sockets = callsPerConfiguration(limits);
    const { drivers = createDrivers(this.#settings, sockets) } = this.#dependencies;
    const observeBreaker = breakerObserver(this.#metrics);
    return new KmsPool({
      drivers,
      ...limits,
      clientCacheSize: kmsClients,
      maxSockets: kmsSockets,
      observe: kmsObserver(this.#metrics),
      onBreaker: (change) => {
        observeBreaker(change);
        const { configurationId, kmsType, state } = change;
        const fields = { configuration_id: configurationId, kms_type: kmsType, state };
        this.#logger.warn(fields, "circuit breaker of a KMS changed");
      },
    });
  }

  async #openHttp(keys: RunningKeyService, events: EventRecorder): Promise<Address> {
    const { apiKeys, http } = this.#settings;
    const tls = http.tls && (await readTlsPair(http.tls));
    const metrics = this.#metrics;
    const server = new HttpServer({
      apiKeys,
      keys,
      events,
      tls,
      limits: { ...http, ...this.#settings.overload, maxConnections: this.#budget.connections },
      observer: httpObserver(metrics),
      logger: this.#logger,
      scrape: async () => ({ contentType: metrics.contentType, body: await metrics.scrape() }),
    });
    const address = await server.listen(http.address);
    observeOverload(metrics, server.overload);
    this.#http = server;
    if (http.tls !== undefined && tls !== undefined) this.#followTls(http.tls, tls, server);
    return address;
  }

  #followTls(files: TlsFiles, pair: TlsPair, server: HttpServer): void {
    const stop = watchTls({
      files,
      pair,
      replaced: (next) => {
        server.replaceTls(next);
        this.#logger.info("certificate replaced");
      },
      refused: ({ message }) => {
        this.#logger.error({ reason: message }, "certificate not replaced, the old one stays");
      },
    });
    this.#endings.push(stop);
  }

  async #stop(): Promise<{ readonly cut: boolean }> {
    const { deadlineMs, drainDelayMs } = this.#settings.shutdown;
    const deadline = new StopDeadline(deadlineMs);
    this.#health.drain();
    if (this.#http === undefined) {
      await this.#refresher?.close();
      await this.#starting?.catch(() => {});
    }
    this.#http?.startDraining();
    if (this.#http !== undefined) await deadline.pause(drainDelayMs);
    const cut = (await this.#http?.drain(deadline.left(deadlineMs * EVENTS_SHARE))) ?? false;
    await this.#close(deadline);
    this.#logger.info({ cut }, "stopped");
    return { cut };
  }

  async #close(deadline: StopDeadline): Promise<void> {
    this.#metrics.close();
    for (const end of this.#endings.splice(0).toReversed()) await end(deadline);
  }
}
