import type { Call, MaybePromise } from "../keys/ports.ts";
import type { KmsType } from "../tenants/tenant.ts";
import type { EndpointLabel } from "./endpoints.ts";
import type { OverloadLimits } from "./overload/overload.ts";
import type { ShedReason } from "./overload/shed-error.ts";

export interface ApplicationEvent {
  /** Any text of at least one character: the published clients disagree on the names. */
  readonly event: string;
  /** A time that a `Date` can hold. */
  readonly timestampMillis: number;
}

/** How often a client used one cached key. Whole numbers from 0 to 2^53-1. */
export interface OperationCounts {
  readonly wraps: number;
  readonly unwraps: number;
}

/**
 * Where events go that an application sends by itself. Both throw or reject with a `ProxyError`:
 * 102 with HTTP status 413 when an event would be longer than 64 KiB, 301 when it is rejected.
 */
export interface ApplicationEvents {
  securityEvent(call: Call, event: ApplicationEvent): MaybePromise<void>;

  /** The keys are EDEKs as the client sent them, decodable or not. */
  reportOperations(
    call: Call,
    operations: ReadonlyMap<string, OperationCounts>,
  ): MaybePromise<void>;
}

/** Room in the event queue for one call. */
export interface Reservation {
  /** The call waits for that; undefined: it may begin at once. Never rejects. */
  readonly ready: Promise<void> | undefined;
  /** The call is over: others may use what it did not need. Idempotent. */
  release(): void;
}

/** Keeps room for the events of a call with so many items; undefined where none is required. */
export type ReserveRoom = (call: Call, items: number) => Reservation | undefined;

/** What happens on the HTTP port, for metrics. Must not throw. */
export interface HttpObserver {
  /** A request began or ended. Scrapes are left out: each would count itself. */
  inFlight(endpoint: EndpointLabel, change: 1 | -1): void;

  /**
   * One request ended. `httpCode` 0: the client went away before it had sent its body;
   * `tspCode` 0: success.
   */
  finished(
    endpoint: EndpointLabel,
    kmsType: KmsType | "none",
    httpCode: number,
    tspCode: number,
    seconds: number,
  ): void;

  connections(change: 1 | -1): void;

  /** A connection beyond the limit was turned away. */
  connectionRejected(): void;

  /** A request was refused for want of room. */
  shed(reason: ShedReason): void;
}

export interface Scrape {
  readonly contentType: string;
  readonly body: string;
}

/** The slice of a pino logger that is used. */
export interface HttpLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Times are milliseconds, sizes bytes. */
export interface HttpLimits extends OverloadLimits {
  readonly maxBodyBytes: number;
  /** Items of one batch, derivation or report. */
  readonly maxBatchSize: number;
  readonly maxConnections: number;
  /** For receiving a request, and once more for answering it. */
  readonly requestTimeoutMs: number;
  /** How long a connection may be idle between two requests. */
  readonly keepAliveTimeoutMs: number;
}
