import type { EventQueue } from "@tenant-security/event-queue";
import type { Settings } from "../config/settings.ts";
import { descriptorBudget, type DescriptorBudget, descriptorLimit } from "../descriptors.ts";
import { EventRecorder } from "../events/recorder.ts";
import { createFileSource } from "../file-source/source.ts";
import type { SnapshotRefresher } from "../tenants/refresher.ts";
import type { TenantSource } from "../tenants/source.ts";
import { observeEvents } from "./event-stream.ts";
import { Lifecycle } from "./lifecycle.ts";
import type { Addresses, ServiceDependencies } from "./ports.ts";
import { createRefresher } from "./refresh.ts";
import { RequestSide } from "./request-side.ts";

/** The whole proxy in one process. */
export class SoloService extends Lifecycle {
  readonly #dependencies: ServiceDependencies;
  readonly #budget: DescriptorBudget;
  #refresher: SnapshotRefresher | undefined;
  #requests: RequestSide | undefined;

  constructor(settings: Settings, dependencies: ServiceDependencies) {
    super(settings, dependencies.logger);
    this.#dependencies = dependencies;
    this.#budget = descriptorBudget(descriptorLimit(), {
      kmsClients: settings.kms.clientCacheSize,
      connections: settings.http.maxConnections,
    });
    this.metrics.workers.set(1);
  }

  protected async open(): Promise<Addresses> {
    const { allowedHosts, endpoints: kmsEndpoints } = this.settings.kms;
    this.logger.info({ ...this.#budget, allowedHosts, kmsEndpoints }, "starting");
    const health = await this.openHealth();
    const certificate = await this.openCertificate();
    const queue = await this.openQueue();
    const requests = await this.#openRequests(queue);
    this.#requests = requests;
    certificate?.onReplaced((pair) => requests.replaceTls(pair));
    return this.serve(await requests.listen(certificate?.pair), health, queue);
  }

  protected async giveUp(): Promise<void> {
    await this.#refresher?.close();
  }

  protected startDraining(): void {
    this.#requests?.startDraining();
  }

  protected async drain(deadlineMs: number): Promise<boolean> {
    return (await this.#requests?.drain(deadlineMs)) ?? false;
  }

  #recorder(sink: EventQueue | undefined): EventRecorder {
    let refused = 0;
    observeEvents(this.metrics, sink, () => refused);
    return new EventRecorder({
      sink,
      mode: this.settings.events.mode,
      onRefused: () => {
        refused += 1;
      },
    });
  }

  async #openRequests(queue: EventQueue | undefined): Promise<RequestSide> {
    const { logger, metrics, settings } = this;
    const source = this.#source();
    const refresher = createRefresher({
      settings,
      metrics,
      logger,
      health: this.health,
      source,
      recheck: (snapshot) => void requests.recheck(snapshot),
    });
    const requests = new RequestSide({
      settings,
      budget: this.#budget,
      metrics,
      logger,
      tenants: refresher,
      secretStore: source.secrets,
      events: this.#recorder(queue),
      scrape: async () => ({ contentType: metrics.contentType, body: await metrics.scrape() }),
      drivers: this.#dependencies.drivers,
    });
    this.atEnd((deadline) => requests.close(deadline));
    this.atEnd((deadline) => deadline.spend(refresher.close()));
    this.#refresher = refresher;
    await refresher.start();
    return requests;
  }

  #source(): TenantSource {
    const { source, env = process.env } = this.#dependencies;
    return source ?? createFileSource({ file: this.settings.source.configFile, env });
  }
}
