import type { KmsOperation } from "@tenant-security/kms-adapters";
import { ProxyError } from "../errors.ts";
import type { KmsConfiguration, KmsType, UnusableConfiguration } from "../tenants/tenant.ts";
import type { Bulkhead } from "./bulkhead.ts";
import { Gate, GateError, type GateRefusal } from "./gate.ts";
import {
  type BreakerChange,
  type DriverFactory,
  type KmsCallObservation,
  KmsClient,
} from "./kms-client.ts";
import { timeIsUp } from "./single-flight.ts";
import { stopping } from "./stopping.ts";

export interface KmsPoolOptions {
  readonly drivers: Readonly<Record<KmsType, DriverFactory>>;
  /** Milliseconds for one call, its retry included; also the longest wait for a place. */
  readonly timeoutMs: number;
  /** Concurrent calls per configuration. */
  readonly concurrency: number;
  /** Calls per configuration that may wait; one more is 209 at once. */
  readonly queueSize: number;
  /** Clients kept open. More are open only while all of them are at work. */
  readonly clientCacheSize: number;
  /** Concurrent calls over all configurations, from the limit of open files. */
  readonly maxConcurrent: number;
  /** Connections over all configurations; idle clients are closed above it. Default: no bound. */
  readonly maxSockets?: number;
  /**
   * Makes the bulkhead of the configuration with this name, where other processes call its KMS, too.
   * Default: one for this process alone.
   */
  readonly bulkhead?: ((name: string) => Bulkhead) | undefined;
  readonly observe?: (observation: KmsCallObservation) => void;
  readonly onBreaker?: (change: BreakerChange) => void;
}

export interface KmsPoolStats {
  readonly clients: number;
  readonly calling: number;
  readonly waiting: number;
}

/** One tenant's silent KMS may hold at most this part of all calls. */
const LARGEST_SHARE = 4;

/** Calls that may wait for a place under the global cap. */
const GLOBAL_QUEUE = 10_000;

/** Calls that one configuration may have under way at once, and connections it may have open. */
export function callsPerConfiguration(
  limits: Pick<KmsPoolOptions, "concurrency" | "maxConcurrent">,
): number {
  const share = Math.max(1, Math.floor(limits.maxConcurrent / LARGEST_SHARE));
  return Math.min(limits.concurrency, share);
}

const KEPT_FOR_NOTHING = "Try again, or have fewer calls under way at once.";

/**
 * The clients of all configurations. Every call is bounded three times: by its configuration's
 * bulkhead, by the cap over all of them, and in time.
 */
export class KmsPool {
  /** Concurrent calls that one configuration gets at most; a batch fans out no wider. */
  readonly concurrency: number;
  readonly #options: KmsPoolOptions;
  // Insertion order is the order of use. lru-cache would close a client that is at work.
  readonly #clients = new Map<string, KmsClient>();
  readonly #global: Gate;
  readonly #closing = new Set<Promise<void>>();
  /** Never less than there are; counted anew when it seems too many. */
  #sockets = 0;
  #closed = false;

  constructor(options: KmsPoolOptions) {
    const { maxConcurrent, timeoutMs } = options;
    this.concurrency = callsPerConfiguration(options);
    this.#options = options;
    this.#global = new Gate({
      places: maxConcurrent,
      queueSize: GLOBAL_QUEUE,
      waitMs: timeoutMs,
    });
  }

  get stats(): KmsPoolStats {
    let waiting = this.#global.waiting;
    for (const client of this.#clients.values()) waiting += client.gate.waiting;
    return { clients: this.#clients.size, calling: this.#global.inside, waiting };
  }

  /** Wraps 1 to 64 bytes, which stay the caller's. @throws ProxyError 204, 206 to 210 */
  wrap(configuration: KmsConfiguration, key: Uint8Array, signal?: AbortSignal): Promise<Buffer> {
    return this.#call(configuration, "wrap", key, signal);
  }

  /** The result is the caller's, who wipes it. @throws ProxyError 205 to 210 */
  unwrap(
    configuration: KmsConfiguration,
    wrapped: Uint8Array,
    signal?: AbortSignal,
  ): Promise<Buffer> {
    return this.#call(configuration, "unwrap", wrapped, signal);
  }

  /**
   * Closes the idle clients of configurations that `current` does not give as they were. The others
   * take over what it gives, so that nothing of an earlier snapshot stays in memory.
   */
  retain(current: (id: number) => KmsConfiguration | UnusableConfiguration | undefined): void {
    for (const [name, client] of this.#clients) {
      const { id, fingerprint } = client.configuration;
      const now = current(id);
      if (now?.usable && now.fingerprint === fingerprint) client.configuration = now;
      else if (client.active === 0) this.#discard(name, client);
    }
  }

  /** Refuses new calls, lets those under way finish, closes every client. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#global.close();
    for (const [name, client] of this.#clients) this.#discard(name, client);
    await Promise.all(this.#closing);
  }

  async #call(
    configuration: KmsConfiguration,
    operation: KmsOperation,
    bytes: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<Buffer> {
    const client = this.#clientOf(configuration);
    client.active += 1;
    try {
      client.refuseWhileOpen();
      await client.gate.enter(signal);
      try {
        await this.#global.enter(signal);
        this.#sockets += client.sockets.note(client.gate.inside, performance.now());
        try {
          return await client.call(operation, bytes, signal);
        } finally {
          this.#global.leave();
        }
      } finally {
        client.gate.leave();
      }
    } catch (error) {
      throw error instanceof GateError
        ? refusal(error.reason, configuration)
        : ProxyError.from(error);
    } finally {
      client.active -= 1;
      this.#closeSurplus();
    }
  }

  #clientOf(configuration: KmsConfiguration): KmsClient {
    if (this.#closed) throw refusal("CLOSED", configuration);
    const name = `${configuration.id}:${configuration.fingerprint}`;
    const known = this.#clients.get(name);
    if (known !== undefined) {
      this.#clients.delete(name);
      this.#clients.set(name, known);
      return known;
    }
    const { drivers, ...options } = this.#options;
    const createDriver = drivers[configuration.type];
    const { concurrency } = this;
    const gate = this.#bulkhead(name);
    const client = new KmsClient(configuration, { ...options, createDriver, concurrency, gate });
    this.#clients.set(name, client);
    return client;
  }

  #bulkhead(name: string): Bulkhead {
    const { bulkhead, queueSize, timeoutMs: waitMs } = this.#options;
    return bulkhead?.(name) ?? new Gate({ places: this.concurrency, queueSize, waitMs });
  }

  #closeSurplus(): void {
    if (this.#fits()) return;
    this.#countSockets();
    for (const [name, client] of this.#clients) {
      if (this.#fits()) return;
      if (client.active === 0) this.#discard(name, client);
    }
  }

  #fits(): boolean {
    const { clientCacheSize, maxSockets = Number.POSITIVE_INFINITY } = this.#options;
    return this.#clients.size <= clientCacheSize && this.#sockets <= maxSockets;
  }

  #countSockets(): void {
    const now = performance.now();
    this.#sockets = 0;
    for (const { sockets } of this.#clients.values()) this.#sockets += sockets.most(now);
  }

  #discard(name: string, client: KmsClient): void {
    this.#clients.delete(name);
    this.#sockets -= client.sockets.most(performance.now());
    // A client that cannot be closed cannot be used either; nobody is left to be told.
    const closing = client.close().catch(() => {});
    this.#closing.add(closing);
    void closing.finally(() => this.#closing.delete(closing));
  }
}

function refusal(reason: GateRefusal, { id, type }: KmsConfiguration): ProxyError {
  if (reason === "ABORTED") return timeIsUp();
  if (reason === "CLOSED") return stopping();
  const what = reason === "FULL" ? "too many calls wait for" : "a call waited too long for";
  return new ProxyError(
    "KMS_THROTTLED",
    `In this proxy, ${what} the KMS of configuration ${id} (${type}). ${KEPT_FOR_NOTHING}`,
  );
}
