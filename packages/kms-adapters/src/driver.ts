import type { KmsFault } from "./errors.ts";

/** What every call of a driver brings along. */
export interface CallOptions {
  /** Ends the call. A driver stops its work within 50 ms of the signal. */
  readonly signal: AbortSignal;
}

/** A driver that needs no network answers at once; all others give a promise. */
export type DriverAnswer = Uint8Array | Promise<Uint8Array>;

/**
 * What a vendor folder implements. Applications use `Kms`, which adds
 * deadlines, observation and error codes around a driver.
 *
 * The bytes handed to `wrap` belong to the caller and are only valid until the
 * promise settles. The bytes returned by `unwrap` belong to the caller, who
 * wipes them; a driver wipes every copy of its own.
 */
export interface KmsDriver {
  /** Short, stable, lower-case; used as a metrics label. */
  readonly name: string;

  /** Sends a key of 1 to 64 bytes to the vendor; gives back the ciphertext to store. */
  wrap(key: Uint8Array, options: CallOptions): DriverAnswer;

  /** Opens what `wrap` of the same key gave, possibly in another process years ago. */
  unwrap(wrapped: Uint8Array, options: CallOptions): DriverAnswer;

  /** Explains an error thrown by this driver. Must not throw. */
  fault(error: unknown): KmsFault;

  /** Closes sockets and wipes credentials. No call is under way when `Kms` calls it. */
  close?(): Promise<void>;
}
