import type { EventQueue } from "@tenant-security/event-queue";
import { createMetrics } from "@tenant-security/metrics";
import type { Logger } from "pino";
import { formatAddress } from "../config/bind-address.ts";
import type { Address, Settings } from "../config/settings.ts";
import { descriptorBudget, type DescriptorBudget, descriptorLimit } from "../descriptors.ts";
import { EventRecorder } from "../events/recorder.ts";
import { createFileSource } from "../file-source/source.ts";
import { HealthServer } from "../health/server.ts";
import { HealthState } from "../health/state.ts";
import type { SnapshotRefresher } from "../tenants/refresher.ts";
import type { TenantSource } from "../tenants/source.ts";
import { packageVersion } from "../version.ts";
import { EVENTS_SHARE, StopDeadline } from "./deadline.ts";
import { observeEvents, openEventStream } from "./event-stream.ts";
import type { Addresses, Service, ServiceDependencies, Stopped } from "./ports.ts";
import { createRefresher } from "./refresh.ts";
import { RequestSide } from "./request-side.ts";

type Ending = (deadline: StopDeadline) => unknown;

/** The whole proxy in one process. */
export class SoloService implements Service {
  readonly #settings: Settings;
  readonly #dependencies: ServiceDependencies;
  readonly #logger: Logger;
  readonly #metrics = createMetrics();
  readonly #health = new HealthState();
  readonly #budget: DescriptorBudget;
  /** In the order of opening; a stop goes through them from the last to the first. */
  readonly #endings: Ending[] = [];
  #refresher: SnapshotRefresher | undefined;
  #requests: RequestSide | undefined;
  #starting: Promise<Addresses> | undefined;
  #stopping: Promise<Stopped> | undefined;

  constructor(settings: Settings, dependencies: ServiceDependencies) {
    this.#settings = settings;
    this.#dependencies = dependencies;
    this.#logger = dependencies.logger;
    this.#budget = descriptorBudget(descriptorLimit(), {
      kmsClients: settings.kms.clientCacheSize,
      connections: settings.http.maxConnections,
    });
    this.#metrics.buildInfo.with({ version: packageVersion() }).set(1);
    this.#metrics.workers.set(1);
  }

  start(): Promise<Addresses> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  stop(): Promise<Stopped> {
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
    const requests = await this.#openRequests(queue);
    const httpAddress = await requests.listen();
    this.#requests = requests;
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

  async #openRequests(queue: EventQueue | undefined): Promise<RequestSide> {
    const metrics = this.#metrics;
    const source = this.#source();
    const refresher = createRefresher({
      settings: this.#settings,
      metrics,
      logger: this.#logger,
      health: this.#health,
      source,
      recheck: (snapshot) => void requests.recheck(snapshot),
    });
    const requests = new RequestSide({
      settings: this.#settings,
      budget: this.#budget,
      metrics,
      logger: this.#logger,
      tenants: refresher,
      secretStore: source.secrets,
      events: this.#recorder(queue),
      scrape: async () => ({ contentType: metrics.contentType, body: await metrics.scrape() }),
      drivers: this.#dependencies.drivers,
    });
    this.#endings.push((deadline) => requests.close(deadline));
    this.#endings.push((deadline) => deadline.spend(refresher.close()));
    this.#refresher = refresher;
    await refresher.start();
    return requests;
  }

  #source(): TenantSource {
    const { source, env = process.env } = this.#dependencies;
    return source ?? createFileSource({ file: this.#settings.source.configFile, env });
  }

  async #stop(): Promise<Stopped> {
    const { deadlineMs, drainDelayMs } = this.#settings.shutdown;
    const deadline = new StopDeadline(deadlineMs);
    this.#health.drain();
    if (this.#requests === undefined) {
      await this.#refresher?.close();
      await this.#starting?.catch(() => {});
    }
    this.#requests?.startDraining();
    if (this.#requests !== undefined) await deadline.pause(drainDelayMs);
    const left = deadline.left(deadlineMs * EVENTS_SHARE);
    const cut = (await this.#requests?.drain(left)) ?? false;
    await this.#close(deadline);
    this.#logger.info({ cut }, "stopped");
    return { cut };
  }

  async #close(deadline: StopDeadline): Promise<void> {
    this.#metrics.close();
    for (const end of this.#endings.splice(0).toReversed()) await end(deadline);
  }
}
