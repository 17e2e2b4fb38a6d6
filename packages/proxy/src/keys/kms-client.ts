import {
  Kms,
  type KmsDriver,
  KmsError,
  type KmsErrorCode,
  type KmsOperation,
} from "@tenant-security/kms-adapters";
import {
  BrokenCircuitError,
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  handleWhen,
} from "cockatiel";
import { ProxyError } from "../errors.ts";
import type { KmsConfiguration, KmsType, OpenedCredentials } from "../tenants/tenant.ts";
import type { Bulkhead } from "./bulkhead.ts";
import { OpenSockets } from "./open-sockets.ts";
import { untilAborted } from "./single-flight.ts";

/**
 * Makes the driver of one configuration from its opened credentials, which it does not keep.
 * Rejects with a `KmsError` `KMS_CONFIG_INVALID` when they or the key path cannot be used.
 */
export type DriverFactory = (
  configuration: KmsConfiguration,
  credentials: OpenedCredentials,
) => Promise<KmsDriver>;

export type BreakerState = "closed" | "half-open" | "open";

export interface BreakerChange {
  readonly configurationId: number;
  readonly kmsType: KmsType;
  readonly from: BreakerState;
  readonly state: BreakerState;
}

export interface KmsCallObservation {
  readonly kmsType: KmsType;
  readonly operation: KmsOperation;
  /** The vendor's; 200 for a success without HTTP, 0 for no answer. */
  readonly httpCode: number;
  readonly seconds: number;
}

export interface KmsClientOptions {
  readonly createDriver: DriverFactory;
  /** Milliseconds for one call, its retry included; also the longest wait for a place. */
  readonly timeoutMs: number;
  readonly concurrency: number;
  readonly gate: Bulkhead;
  readonly observe?: ((observation: KmsCallObservation) => void) | undefined;
  readonly onBreaker?: ((change: BreakerChange) => void) | undefined;
}

const FAILURES_TO_OPEN = 5;
const OPEN_MS = 5_000;

/** The policy would go by the wall clock, which may be set back; `#reopensAt` does not. */
const WHEN_WE_SAY = Number.NEGATIVE_INFINITY;

/** What says that nobody is there. Everything else is an answer. */
const COUNTED: ReadonlySet<KmsErrorCode> = new Set(["KMS_TIMEOUT", "KMS_UNREACHABLE"]);

/** What says nothing about the KMS, neither good nor bad. */
const NEUTRAL: ReadonlySet<KmsErrorCode> = new Set(["KMS_ABORTED", "KMS_CLOSED"]);

const STATE_NAME: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: "closed",
  [CircuitState.HalfOpen]: "half-open",
  [CircuitState.Open]: "open",
  [CircuitState.Isolated]: "open",
};

/** One configuration's KMS: opened at first use, behind its own bulkhead and circuit breaker. */
export class KmsClient {
  /** As the newest snapshot has it. */
  configuration: KmsConfiguration;
  /** Calls inside and waiting; a client with any is not closed. */
  active = 0;
  readonly gate: Bulkhead;
  readonly sockets: OpenSockets;
  readonly #options: KmsClientOptions;
  readonly #breaker: CircuitBreakerPolicy;
  #reopensAt = 0;
  #state: BreakerState = "closed";
  #kms: Kms | undefined;
  #opening: Promise<Kms> | undefined;

  constructor(configuration: KmsConfiguration, options: KmsClientOptions) {
    this.configuration = configuration;
    this.#options = options;
    this.sockets = new OpenSockets(options.concurrency);
    this.gate = options.gate;
    this.#breaker = circuitBreaker(
      handleWhen((error) => KmsError.is(error) && COUNTED.has(error.code)),
      { halfOpenAfter: WHEN_WE_SAY, breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN) },
    );
    this.#breaker.onStateChange((state) => this.#stateChanged(state));
  }

  /** @throws ProxyError 208 while the breaker lets nobody through */
  refuseWhileOpen(): void {
    const { state } = this.#breaker;
    if (state === CircuitState.Closed) return;
    // Exactly one call may try whether the KMS is back.
    if (state === CircuitState.Open && performance.now() >= this.#reopensAt) return;
    throw this.#broken();
  }

  /** @throws KmsError and ProxyError */
  async call(
    operation: KmsOperation,
    bytes: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<Buffer> {
    this.refuseWhileOpen();
    // The call that decides about all others is not ended by one caller's impatience.
    const patience = this.#breaker.state === CircuitState.Closed ? signal : undefined;
    try {
      const answer = await this.#breaker.execute(() => this.#attempt(operation, bytes, patience));
      if (answer instanceof Error) throw answer;
      return answer;
    } catch (error) {
      throw error instanceof BrokenCircuitError ? this.#broken() : error;
    }
  }

  /** Lets calls under way finish, then lets go of sockets and credentials. */
  async close(): Promise<void> {
    this.gate.close();
    // Whoever follows the states must not remember a breaker that is no more.
    if (this.#state !== "closed") this.#stateChanged(CircuitState.Closed);
    const deadline = AbortSignal.timeout(this.#options.timeoutMs);
    const opening = this.#opening && untilAborted(this.#opening, deadline);
    const kms = this.#kms ?? (await opening?.catch(() => undefined));
    await kms?.close();
  }

  /** Gives a refusal by a KMS that is there back as a value: for the breaker it is a success. */
  async #attempt(
    operation: KmsOperation,
    bytes: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<Buffer | KmsError> {
    const kms = this.#kms ?? (await this.#open());
    try {
      return await kms[operation](bytes, signal);
    } catch (error) {
      if (!KmsError.is(error) || COUNTED.has(error.code) || NEUTRAL.has(error.code)) throw error;
      return error;
    }
  }

  async #open(): Promise<Kms> {
    const opening = (this.#opening ??= this.#createKms());
    const deadline = AbortSignal.timeout(this.#options.timeoutMs);
    try {
      this.#kms = await untilAborted(opening, deadline);
      return this.#kms;
    } catch (error) {
      // Whoever comes next tries again: a credentials file may have been put right by then.
      if (!deadline.aborted && this.#opening === opening) this.#opening = undefined;
      throw error;
    }
  }

  async #createKms(): Promise<Kms> {
    const { id, type } = this.configuration;
    const { createDriver, timeoutMs, observe } = this.#options;
    try {
      const driver = await createDriver(
        this.configuration,
        await this.configuration.openCredentials(),
      );
      return new Kms(driver, {
        timeoutMs,
        subject: `configuration ${id}`,
        observe: ({ operation, httpStatus, seconds }) =>
          observe?.({ kmsType: type, operation, httpCode: httpStatus, seconds }),
      });
    } catch (cause) {
      throw this.#unusable(cause);
    }
  }

  #unusable(cause: unknown): ProxyError {
    if (cause instanceof ProxyError) return cause;
    const { id, type } = this.configuration;
    const reason = KmsError.is(cause) ? cause.message : "its client could not be made.";
    const message = `KMS configuration ${id} (${type}) cannot be used: ${reason}`;
    return new ProxyError("KMS_CONFIGURATION_INVALID", message, { cause });
  }

  #broken(): ProxyError {
    const { id, type } = this.configuration;
    // While one call tries whether the KMS is back, the answer is only as far as that call.
    const leftMs = Math.max(this.#reopensAt - performance.now(), 1);
    return new ProxyError(
      "KMS_UNREACHABLE",
      `The KMS of configuration ${id} (${type}) did not answer ${FAILURES_TO_OPEN} times in a row ` +
        `and is left alone for ${OPEN_MS / 1_000} seconds. Check that it is up and reachable.`,
      { retryAfterSeconds: Math.ceil(leftMs / 1_000) },
    );
  }

  #stateChanged(state: CircuitState): void {
    if (state === CircuitState.Open) this.#reopensAt = performance.now() + OPEN_MS;
    const { id, type } = this.configuration;
    const from = this.#state;
    this.#state = STATE_NAME[state];
    const { onBreaker } = this.#options;
    onBreaker?.({ configurationId: id, kmsType: type, from, state: this.#state });
  }
}
