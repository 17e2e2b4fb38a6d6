import { setTimeout as sleep } from "node:timers/promises";
import type { EventQueue } from "@tenant-security/event-queue";
import type { Address, Settings } from "../config/settings.ts";
import { descriptorBudget, type DescriptorBudget, descriptorLimit } from "../descriptors.ts";
import { sealsWith } from "../edek/lease-ciphers.ts";
import { createFileSource } from "../file-source/source.ts";
import type { GateOptions } from "../keys/gate.ts";
import { callsPerConfiguration } from "../keys/kms-pool.ts";
import type { Certificate } from "../service/certificate.ts";
import { StopDeadline } from "../service/deadline.ts";
import { observeEvents } from "../service/event-stream.ts";
import { Lifecycle } from "../service/lifecycle.ts";
import type { Addresses, ServiceDependencies } from "../service/ports.ts";
import { createRefresher } from "../service/refresh.ts";
import type { SnapshotRefresher } from "../tenants/refresher.ts";
import { CallPermits } from "./call-permits.ts";
import type { ToPrimary } from "./calls.ts";
import { Dispatcher } from "./dispatcher.ts";
import { DistributedSource } from "./distributed-source.ts";
import { Fleet, type WorkerExit } from "./fleet.ts";
import { KEY_GRACE_MS, KeyBroker } from "./key-broker.ts";
import type { Handlers } from "./link.ts";
import { MergedMetrics } from "./merged-metrics.ts";
import { type PlainError, toPlain } from "./plain-error.ts";
import { PrimaryEvents } from "./primary-events.ts";
import { TransportKey } from "./transport-key.ts";
import type { WorkerHandle } from "./worker-handle.ts";

/** Tenants whose lease is kept for workers that do not have it yet. */
const MAX_LEASES = 131_072;

/** Part of its life for which a lease is handed to further workers; then a new one is made. */
const LEASE_HANDED_ON = 0.8;

/** For a worker to get ready for connections. */
const SERVE_MS = 30_000;

/** For a worker to stop answering, while the port is being closed. */
const HOLD_MS = 1_000;

/** How long the end of listening may take while clients keep connecting. */
const MAX_PATIENCE_MS = 2_000;

/** A signal to all processes reaches some workers before it reaches us. */
const SIGNAL_SPREAD_MS = 250;

/**
 * The proxy in several processes. This one keeps what there is only one of: configuration, event
 * socket, health port, the sum of all metrics. Its workers answer requests.
 */
export class PrimaryService extends Lifecycle {
  readonly #transport: TransportKey = TransportKey.random();
  /** Of each worker, but for the connections, which are those of all. */
  readonly #budget: DescriptorBudget;
  readonly #broker: KeyBroker;
  readonly #permits: CallPermits;
  readonly #fleet: Fleet;
  readonly #source: DistributedSource;
  readonly #merged: MergedMetrics;
  readonly #dispatcher: Dispatcher;
  readonly #refresher: SnapshotRefresher;
  #events = new PrimaryEvents(undefined, () => []);
  #certificate: Certificate | undefined;

  constructor(settings: Settings, dependencies: ServiceDependencies) {
    const { env = process.env, logger } = dependencies;
    super(settings, logger);
    this.#budget = budgetOf(settings);
    this.#broker = new KeyBroker({
      leaseMs: settings.keys.leaseMaxAgeMs * LEASE_HANDED_ON,
      patienceMs: settings.kms.timeoutMs + KEY_GRACE_MS,
      max: MAX_LEASES,
      ...(sealsWith(settings.keys).limited && { parts: settings.workers }),
    });
    this.#permits = new CallPermits(callLimits(settings, this.#budget));
    this.#fleet = new Fleet({
      workers: settings.workers,
      env,
      handlers: (worker) => this.#handlers(worker),
      introduce: (worker) => this.#introduce(worker),
      onExit: (worker, exit) => this.#exited(worker, exit),
      onTrouble: (reason) => this.#troubled(reason),
      onError: (worker, err) => logger.error({ worker, err }, "worker process in trouble"),
      onNoMirror: (error) => {
        const reason = error instanceof Error ? error.message : String(error);
        logger.warn({ reason }, "what a worker counted in its last second is lost if it is killed");
      },
    });
    const file = createFileSource({ file: settings.source.configFile, env });
    this.#source = new DistributedSource(file, () => this.#fleet.all);
    this.#merged = new MergedMetrics({
      own: this.metrics,
      // One that has just ended is shown as it was until it is counted among those.
      workers: () => this.#fleet.all.filter(({ served }) => served),
      caughtUp: (worker, state) => this.#events.caughtUp(worker, state),
    });
    this.#dispatcher = new Dispatcher({
      workers: () => this.#fleet.serving,
      maxConnections: this.#budget.connections,
      onError: ({ code }) => logger.error({ code }, "A connection could not be accepted"),
      onRejected: () => this.metrics.httpConnectionsRejected.inc(),
    });
    this.#refresher = createRefresher({
      settings,
      metrics: this.metrics,
      logger,
      health: { stale: (reason) => this.#stale(reason) },
      source: this.#source,
      recheck: () => this.#recheck(),
    });
  }

  protected async open(): Promise<Addresses> {
    const { kms, workers } = this.settings;
    const { allowedHosts, endpoints: kmsEndpoints } = kms;
    this.logger.info({ workers, ...this.#budget, allowedHosts, kmsEndpoints }, "starting");
    const health = await this.openHealth();
    await this.#openCertificate();
    const queue = await this.#openEvents();
    this.atEnd(() => this.#fleet.kill());
    await this.#fleet.launch();
    this.atEnd((deadline) => deadline.spend(this.#refresher.close()));
    await this.#refresher.start();
    const address = await this.#listen();
    this.#fleet.started();
    return this.serve(address, health, queue, { workers });
  }

  protected async giveUp(): Promise<void> {
    this.#fleet.stopping();
    await this.#refresher.close();
    await this.#fleet.kill();
  }

  protected startDraining(): void {
    this.#fleet.stopping();
    for (const { link } of this.#fleet.serving) link.tell("startDraining", null);
  }

  protected async drain(deadlineMs: number): Promise<boolean> {
    const deadline = new StopDeadline(deadlineMs);
    await deadline.spend(this.#refresher.close());
    const patienceMs = Math.min(MAX_PATIENCE_MS, deadline.left() / 2);
    await this.#dispatcher.stop(() => this.#hold(), patienceMs);
    return await this.#fleet.leave(deadline.left());
  }

  /** One that cannot be used is told before workers are there. */
  async #openCertificate(): Promise<void> {
    this.#certificate = await this.openCertificate();
    this.#certificate?.onReplaced((pair) => {
      for (const { link } of this.#fleet.all) link.tell("certificate", pair);
    });
  }

  async #openEvents(): Promise<EventQueue | undefined> {
    // Wiped when nothing opens it any more.
    this.atEnd(() => this.#transport.wipe());
    const queue = await this.openQueue();
    observeEvents(this.metrics, queue, () => 0);
    this.#events = new PrimaryEvents(queue, () => this.#fleet.all);
    this.atEnd(() => this.#events.close());
    return queue;
  }

  /** All workers first, then the port: the first connection finds somebody. */
  async #listen(): Promise<Address> {
    const serving = Promise.all(this.#fleet.all.map((worker) => this.#letServe(worker)));
    await serving.catch((error: unknown) => this.#fleet.explain(error));
    this.atEnd(() => this.#dispatcher.close());
    return await this.#dispatcher.listen(this.settings.http.address);
  }

  async #letServe(worker: WorkerHandle): Promise<void> {
    await worker.link.ask("serve", { tls: this.#certificate?.pair }, SERVE_MS);
    worker.serves();
  }

  async #introduce(worker: WorkerHandle): Promise<void> {
    await this.#source.introduce(worker);
    this.#events.introduce(worker);
    if (!this.#refresher.ready) worker.link.tell("stale", { reason: this.#whyStale() });
    await this.#letServe(worker);
    this.#look();
    this.#dispatcher.look();
    this.logger.info({ worker: worker.slot, pid: worker.pid }, "worker serves");
  }

  #handlers(worker: WorkerHandle): Handlers<ToPrimary> {
    this.#transport.send(worker.pipe);
    this.#events.follow(worker);
    const [broker, permits] = [this.#broker, this.#permits];
    return {
      scrape: () => this.#merged.scrape(),
      room: (wanted) => this.#events.room(worker, wanted),
      key: (question) => broker.ask(worker, question),
      keyMade: ({ ticket, key }) => (broker.made(ticket, key), null),
      keyFailed: (failure) => (broker.failed(failure), null),
      withdraw: ({ name, leaseId }) => (broker.withdraw(name, leaseId), null),
      permit: (question) => permits.ask(worker, question),
      permitOver: ({ ticket }) => (permits.end(worker, ticket), null),
      counted: (state) => ((worker.state = state), null),
      took: ({ connection }) => (worker.took(connection), null),
      closed: (counts) => (worker.closed(counts), null),
      retire: async () => {
        await sleep(SIGNAL_SPREAD_MS);
        const { deadlineMs } = this.settings.shutdown;
        if (!this.stopping) await this.#fleet.retire(worker, deadlineMs);
        return null;
      },
    };
  }

  #exited(worker: WorkerHandle, { expected, how, left }: WorkerExit): void {
    this.#broker.gone(worker);
    this.#permits.gone(worker);
    this.#merged.keep(worker);
    this.#look();
    this.#dispatcher.look(left);
    if (expected) return;
    this.metrics.workerRestarts.inc();
    this.logger.error({ worker: worker.slot, how }, "worker ended, it is replaced");
  }

  /** Without any worker nobody answers. */
  #look(): void {
    if (this.health.phase !== "serving") return;
    const { length } = this.#fleet.serving;
    this.health.unserved(length > 0 ? undefined : "no worker process serves");
  }

  #troubled(reason: string | undefined): void {
    this.health.troubled(reason);
    if (reason !== undefined) this.logger.error({ reason }, "not ready");
  }

  #stale(reason: string | undefined): void {
    this.health.stale(reason);
    const told = reason === undefined ? undefined : this.#whyStale();
    for (const { link } of this.#fleet.all) link.tell("stale", { reason: told });
  }

  #whyStale(): PlainError | undefined {
    try {
      this.#refresher.current();
      return undefined;
    } catch (error) {
      return toPlain(error);
    }
  }

  #recheck(): void {
    this.#broker.recheck();
    for (const { link } of this.#fleet.all) link.tell("recheck", null);
  }

  async #hold(): Promise<void> {
    const asked = this.#fleet.serving.map(({ link }) => link.ask("hold", null, HOLD_MS));
    await Promise.allSettled(asked);
  }
}

/** What one process may do, for all of them. */
function callLimits({ kms }: Settings, { kmsCalls }: DescriptorBudget): GateOptions {
  const { concurrency, queueSize, timeoutMs: waitMs } = kms;
  const places = callsPerConfiguration({ concurrency, maxConcurrent: kmsCalls });
  return { places, queueSize, waitMs };
}

function budgetOf({ http, kms, workers }: Settings): DescriptorBudget {
  const { maxConnections } = http;
  const wanted = { kmsClients: kms.clientCacheSize, connections: maxConnections };
  const budget = descriptorBudget(descriptorLimit(), wanted);
  return { ...budget, connections: Math.min(budget.connections * workers, maxConnections) };
}
