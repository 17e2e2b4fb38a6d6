import type { EventQueue } from "@tenant-security/event-queue";
import { createMetrics, type Metrics } from "@tenant-security/metrics";
import type { Logger } from "pino";
import { formatAddress } from "../config/bind-address.ts";
import type { Address, Settings } from "../config/settings.ts";
import { HealthServer } from "../health/server.ts";
import { HealthState } from "../health/state.ts";
import { packageVersion } from "../version.ts";
import { Certificate } from "./certificate.ts";
import { StopDeadline } from "./deadline.ts";
import { openEventStream } from "./event-stream.ts";
import { observeReadiness } from "./observers.ts";
import type { Addresses, Service, Stopped } from "./ports.ts";

type Ending = (deadline: StopDeadline) => unknown;

/** What a proxy has once, however many processes it is: its start, its stop, and what they open. */
export abstract class Lifecycle implements Service {
  protected readonly settings: Settings;
  protected readonly logger: Logger;
  protected readonly metrics: Metrics = createMetrics();
  protected readonly health: HealthState = new HealthState();
  /** In the order of opening; a stop goes through them from the last to the first. */
  readonly #endings: Ending[] = [];
  #starting: Promise<Addresses> | undefined;
  #stopping: Promise<Stopped> | undefined;

  constructor(settings: Settings, logger: Logger) {
    this.settings = settings;
    this.logger = logger;
    this.metrics.buildInfo.with({ version: packageVersion() }).set(1);
    observeReadiness(this.metrics, this.health);
  }

  start(): Promise<Addresses> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  stop(): Promise<Stopped> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Opens everything, the HTTP port last, and tells `atEnd` of each thing as soon as it is open. */
  protected abstract open(): Promise<Addresses>;

  /** Ends a start that is under way, so that `open` settles. */
  protected abstract giveUp(): Promise<void>;

  /** From here on no client is to begin anything. */
  protected abstract startDraining(): void;

  /** Lets requests finish; gives back whether the deadline cut one off. */
  protected abstract drain(deadlineMs: number): Promise<boolean>;

  protected get stopping(): boolean {
    return this.#stopping !== undefined;
  }

  protected atEnd(ending: Ending): void {
    this.#endings.push(ending);
  }

  protected async openHealth(): Promise<Address> {
    const server = new HealthServer(this.health);
    const address = await server.listen(this.settings.health.address);
    this.atEnd(() => server.close());
    return address;
  }

  /** @throws Error for a certificate that cannot be used */
  protected async openCertificate(): Promise<Certificate | undefined> {
    const { logger, metrics } = this;
    const { tls: files } = this.settings.http;
    if (files === undefined) return undefined;
    const certificate = await Certificate.open({ files, metrics, logger });
    this.atEnd(() => certificate.close());
    return certificate;
  }

  protected async openQueue(): Promise<EventQueue | undefined> {
    const queue = await openEventStream(this.settings, this.logger);
    if (queue !== undefined) this.atEnd((deadline) => queue.close(deadline.left()));
    return queue;
  }

  /** Everything is open: `/ready` and the log say so. */
  protected serve(
    http: Address,
    health: Address,
    queue: EventQueue | undefined,
    also: object = {},
  ): Addresses {
    const { settings } = this;
    this.health.serve();
    const addresses = {
      http: formatAddress({ ...settings.http.address, port: http.port }),
      health: formatAddress({ ...settings.health.address, port: health.port }),
      events: queue?.endpoint.replace(/^tcp:\/\//, ""),
    };
    this.logger.info({ ...addresses, tls: settings.http.tls !== undefined, ...also }, "serving");
    return addresses;
  }

  async #start(): Promise<Addresses> {
    try {
      return await this.open();
    } catch (error) {
      await this.#close(new StopDeadline(this.settings.shutdown.deadlineMs));
      throw error;
    }
  }

  async #stop(): Promise<Stopped> {
    const { deadlineMs, drainDelayMs } = this.settings.shutdown;
    const deadline = new StopDeadline(deadlineMs);
    const served = this.health.phase === "serving";
    this.health.drain();
    let cut = false;
    if (served) {
      this.startDraining();
      await deadline.pause(drainDelayMs);
      cut = await this.drain(deadline.left(deadlineMs * EVENTS_SHARE));
    } else {
      await this.giveUp();
      await this.#starting?.catch(() => {});
    }
    await this.#close(deadline);
    this.logger.info({ cut }, "stopped");
    return { cut };
  }

  async #close(deadline: StopDeadline): Promise<void> {
    this.metrics.close();
    for (const end of this.#endings.splice(0).toReversed()) await end(deadline);
  }
}

/** The part of its deadline that a stop keeps back for events. */
const EVENTS_SHARE = 0.1;
