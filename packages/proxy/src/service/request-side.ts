import type { Socket } from "node:net";
import type { Metrics } from "@tenant-security/metrics";
import type { Logger } from "pino";
import type { Address, Settings } from "../config/settings.ts";
import type { DescriptorBudget } from "../descriptors.ts";
import { createDrivers } from "../drivers.ts";
import type { EventRecorder } from "../events/recorder.ts";
import type { ReserveRoom, Scrape } from "../http/ports.ts";
import type { Records } from "../http/records.ts";
import { HttpServer } from "../http/server/http-server.ts";
import type { TlsPair } from "../http/server/tls.ts";
import type { CurrentTenants } from "../keys/context.ts";
import { createKeyService, type RunningKeyService } from "../keys/create.ts";
import type { KeyExchange } from "../keys/key-exchange.ts";
import type { DriverFactory } from "../keys/kms-client.ts";
import { callsPerConfiguration, KmsPool, type KmsPoolOptions } from "../keys/kms-pool.ts";
import type { SecretStore, Snapshot } from "../tenants/source.ts";
import type { KmsType } from "../tenants/tenant.ts";
import type { StopDeadline } from "./deadline.ts";
import { keyNotices, observeKeys } from "./key-notices.ts";
import {
  breakerObserver,
  httpObserver,
  keyCounter,
  kmsObserver,
  observeOverload,
} from "./observers.ts";

export interface RequestSideOptions {
  /** Of this process: where several share the work, each has its part of the limits. */
  readonly settings: Settings;
  readonly budget: DescriptorBudget;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly tenants: CurrentTenants;
  readonly secretStore: SecretStore;
  readonly events: EventRecorder;
  readonly scrape: () => Promise<Scrape>;
  /** Left out: what this process knows ends with it. */
  readonly records?: Records | undefined;
  /** Left out: every call may begin at once. */
  readonly reserve?: ReserveRoom | undefined;
  /** Where other processes of the proxy find the keys of this one. Left out: there are none. */
  readonly exchange?: KeyExchange | undefined;
  /** See {@link KmsPoolOptions.bulkhead}. */
  readonly bulkhead?: KmsPoolOptions["bulkhead"];
  /** Default: every vendor of `@tenant-security/kms-adapters`. */
  readonly drivers?: Readonly<Record<KmsType, DriverFactory>> | undefined;
}

/** All that one process needs to answer requests: the port, the use cases, the tenants' KMS. */
export class RequestSide {
  readonly #options: RequestSideOptions;
  readonly #kms: KmsPool;
  readonly #keys: RunningKeyService;
  readonly #observer: ReturnType<typeof httpObserver>;
  #http: HttpServer | undefined;

  constructor(options: RequestSideOptions) {
    const { metrics, logger, settings, tenants, secretStore, events, exchange } = options;
    this.#options = options;
    this.#observer = httpObserver(metrics);
    this.#kms = createPool(options);
    this.#keys = createKeyService({
      tenants,
      secretStore,
      kms: this.#kms,
      events,
      exchange,
      counter: keyCounter(metrics),
      settings: settings.keys,
      notices: keyNotices(metrics, logger),
    });
    observeKeys(metrics, this.#keys);
  }

  /** Requests answered so far. */
  get served(): number {
    return this.#observer.served;
  }

  /** See {@link RunningKeyService.recheck}. */
  async recheck(snapshot: Snapshot): Promise<void> {
    await this.#keys.recheck(snapshot);
  }

  /**
   * Opens the HTTP port; gives back the address with the real port.
   * @throws Error with the system's `code`
   */
  async listen(tls: TlsPair | undefined): Promise<Address> {
    const server = this.#open(tls);
    return await server.listen(this.#options.settings.http.address);
  }

  /** Gets ready for connections that another process accepts. */
  async expectConnections(tls: TlsPair | undefined): Promise<void> {
    await this.#open(tls).expect();
  }

  /** New connections get this certificate. */
  replaceTls(pair: TlsPair): void {
    this.#http?.replaceTls(pair);
  }

  #open(tls: TlsPair | undefined): HttpServer {
    const { settings, budget, metrics, logger, events, records, reserve, scrape } = this.#options;
    const { apiKeys, http } = settings;
    const server = new HttpServer({
      apiKeys,
      keys: this.#keys,
      events,
      tls,
      limits: { ...http, ...settings.overload, maxConnections: budget.connections },
      observer: this.#observer,
      records,
      reserve,
      logger,
      scrape,
    });
    observeOverload(metrics, server.overload);
    this.#http = server;
    return server;
  }

  /** Takes a connection that another process accepted. */
  adopt(socket: Socket, beyondLimit: boolean): void {
    if (this.#http === undefined) socket.destroy();
    else this.#http.adopt(socket, beyondLimit);
  }

  /** New requests wait, until `drain` lets them go on. */
  hold(): void {
    this.#http?.hold();
  }

  /** From now on every answer asks its client to connect anew, elsewhere if possible. */
  startDraining(): void {
    this.#http?.startDraining();
  }

  /** Ends listening and lets requests finish; gives back whether the deadline cut one off. */
  async drain(deadlineMs: number): Promise<boolean> {
    return (await this.#http?.drain(deadlineMs)) ?? false;
  }

  /** Wipes every key and closes every KMS client. */
  async close(deadline: StopDeadline): Promise<void> {
    await deadline.spend(this.#kms.close());
    await deadline.spend(this.#keys.close());
  }
}

function createPool({ settings, budget, metrics, logger, ...rest }: RequestSideOptions): KmsPool {
  const { timeoutMs, concurrency, queueSize } = settings.kms;
  const { kmsCalls: maxConcurrent, kmsClients, kmsSockets } = budget;
  const limits = { timeoutMs, concurrency, queueSize, maxConcurrent };
  const { drivers = createDrivers(settings, callsPerConfiguration(limits)) } = rest;
  const observeBreaker = breakerObserver(metrics);
  return new KmsPool({
    drivers,
    ...limits,
    clientCacheSize: kmsClients,
    maxSockets: kmsSockets,
    bulkhead: rest.bulkhead,
    observe: kmsObserver(metrics),
    onBreaker: (change) => {
      observeBreaker(change);
      const { configurationId, kmsType, state } = change;
      const fields = { configuration_id: configurationId, kms_type: kmsType, state };
      logger.warn(fields, "circuit breaker of a KMS changed");
    },
  });
}
