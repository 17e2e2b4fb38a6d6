import { ownCopy, wipe } from "./bytes.ts";
import { CallScope, ScopeEnded } from "./call-scope.ts";
import { Deadlines } from "./deadlines.ts";
import { DriverError } from "./driver-error.ts";
import type { KmsDriver } from "./driver.ts";
import {
  isKmsErrorCode,
  KmsError,
  type KmsErrorCode,
  type KmsFault,
  type KmsOperation,
} from "./errors.ts";

/** One finished call, for metrics. */
export interface KmsObservation {
  /** Name of the driver. */
  readonly driver: string;
  /** What was called. */
  readonly operation: KmsOperation;
  /** Of the whole call, a retry included. */
  readonly seconds: number;
  /** How it ended. */
  readonly code: KmsErrorCode | "OK";
  /** 200 on success, the vendor's status on failure, 0 when there was no answer. */
  readonly httpStatus: number;
  /** 2 when the first attempt was repeated. */
  readonly attempts: number;
}

/** Limits and hooks of a `Kms`. */
export interface KmsOptions {
  /** Upper bound in milliseconds for one call, its retry included. Default: 10 000. */
  readonly timeoutMs?: number;
  /** Whose KMS it is, for error messages: `configuration 534`. No secret. */
  readonly subject?: string;
  /** Called once per finished call. Must not throw. */
  readonly observe?: (observation: KmsObservation) => void;
}

const MAX_KEY_BYTES = 64;
const MAX_WRAPPED_BYTES = 65_536;

const REPEATED: ReadonlySet<KmsErrorCode> = new Set(["KMS_TIMEOUT", "KMS_UNREACHABLE"]);

interface Call {
  readonly operation: KmsOperation;
  readonly input: Uint8Array;
  readonly scope: CallScope;
  readonly started: number;
  attempts: number;
}

/**
 * A tenant's KMS, whichever vendor stands behind it. Every call ends within its
 * deadline, is repeated once when the vendor could not be reached, and rejects
 * with {@link KmsError}; arguments that make no sense reject with a `RangeError`.
 */
export class Kms {
  readonly #driver: KmsDriver;
  readonly #deadlines: Deadlines;
  readonly #subject: string | undefined;
  readonly #observe: ((observation: KmsObservation) => void) | undefined;
  #running = 0;
  #idle: PromiseWithResolvers<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(driver: KmsDriver, { timeoutMs = 10_000, subject, observe }: KmsOptions = {}) {
    this.#driver = driver;
    this.#deadlines = new Deadlines(timeoutMs);
    this.#subject = subject;
    this.#observe = observe;
  }

  /**
   * Encrypts `key` (1 to 64 bytes) under the tenant's key.
   * The bytes stay the caller's, unchanged until the promise settles; every copy is wiped by then.
   */
  wrap(key: Uint8Array, signal?: AbortSignal): Promise<Buffer> {
    return this.#call("wrap", key, signal);
  }

  /** Decrypts what `wrap` gave. The result is in memory of its own; the caller wipes it. */
  unwrap(wrapped: Uint8Array, signal?: AbortSignal): Promise<Buffer> {
    return this.#call("unwrap", wrapped, signal);
  }

  /** Refuses new calls at once, lets those under way finish, then closes the driver. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (this.#running > 0) {
      this.#idle = Promise.withResolvers();
      await this.#idle.promise;
    }
    await this.#driver.close?.();
  }

  async #call(
    operation: KmsOperation,
    input: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<Buffer> {
    const scope = new CallScope(this.#deadlines, signal);
    const call = { operation, input, scope, started: performance.now(), attempts: 0 };
    if (this.#closed !== undefined) throw this.#error({ code: "KMS_CLOSED" }, call);
    checkInput(operation, input);

    this.#running += 1;
    try {
      return await this.#run(call);
    } finally {
      scope.release();
      this.#running -= 1;
      if (this.#running === 0) this.#idle?.resolve();
    }
  }

  async #run(call: Call): Promise<Buffer> {
    for (;;) {
      call.attempts += 1;
      const result = await this.#attempt(call);
      if (!(result instanceof KmsError)) {
        this.#report(call, "OK", 200);
        return result;
      }
      if (call.attempts === 2 || call.scope.ended !== undefined || !REPEATED.has(result.code)) {
        this.#report(call, result.code, result.httpStatus);
        throw result;
      }
    }
  }

  async #attempt(call: Call): Promise<Buffer | KmsError> {
    const { operation, scope } = call;
    // A driver may keep or change what it is given: a key goes out as a copy that ends with us.
    const input = operation === "wrap" ? ownCopy(call.input) : call.input;
    try {
      if (scope.ended !== undefined) throw new ScopeEnded(scope.ended);
      const work = this.#driver[operation](input, scope);
      return takeAnswer(operation, work instanceof Uint8Array ? work : await settle(work, scope));
    } catch (cause) {
      return this.#error(this.#explain(cause, scope), call, cause);
    } finally {
      if (operation === "wrap") wipe(input);
    }
  }

  #explain(cause: unknown, scope: CallScope): KmsFault {
    if (scope.ended !== undefined) return { code: scope.ended };
    if (cause instanceof DriverError) return cause.fault;
    try {
      const fault = this.#driver.fault(cause);
      // A driver's table may have been asked for a word that a vendor made up.
      return isKmsErrorCode(fault.code) ? fault : { ...fault, code: "KMS_UNKNOWN" };
    } catch {
      return { code: "KMS_UNKNOWN" };
    }
  }

  #error(fault: KmsFault, { operation }: Pick<Call, "operation">, cause?: unknown): KmsError {
    const driver = this.#driver.name;
    return new KmsError(fault, { driver, operation, subject: this.#subject, cause });
  }

  #report(call: Call, code: KmsErrorCode | "OK", httpStatus: number): void {
    if (this.#observe === undefined) return;
    const { operation, started, attempts } = call;
    const seconds = (performance.now() - started) / 1_000;
    this.#observe({ driver: this.#driver.name, operation, seconds, code, httpStatus, attempts });
  }
}

function checkInput(operation: KmsOperation, { byteLength }: Uint8Array): void {
  const max = operation === "wrap" ? MAX_KEY_BYTES : MAX_WRAPPED_BYTES;
  if (byteLength >= 1 && byteLength <= max) return;
  throw new RangeError(`${operation} takes 1 to ${max} bytes, not ${byteLength}`);
}

function settle(work: Promise<Uint8Array>, scope: CallScope): Promise<Uint8Array> {
  return scope.race(work).catch((error: unknown) => {
    // Nobody waits any more, yet the driver may still come back with a key.
    if (error instanceof ScopeEnded) work.then(wipeAnswer, () => {});
    throw error;
  });
}

function wipeAnswer(answer: unknown): void {
  if (answer instanceof Uint8Array) wipe(answer);
}

function takeAnswer(operation: KmsOperation, answer: Uint8Array): Buffer {
  const max = operation === "wrap" ? MAX_WRAPPED_BYTES : MAX_KEY_BYTES;
  if (!(answer instanceof Uint8Array)) throw unusable("the answer holds no bytes");
  const { byteLength } = answer;
  try {
    if (byteLength >= 1 && byteLength <= max) return ownCopy(answer);
  } finally {
    if (operation === "unwrap") wipe(answer);
  }
  throw unusable(`the answer has ${byteLength} bytes instead of 1 to ${max}`);
}

function unusable(detail: string): DriverError {
  return new DriverError({ code: "KMS_RESPONSE_INVALID", detail, httpStatus: 200 });
}
