import { hash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { ProxyError } from "../errors.ts";
import type { Call, EventPort, KeyEventName } from "../keys/ports.ts";
import { admitEvent } from "./admission.ts";
import {
  type CallerParts,
  callerParts,
  type EventDetails,
  type ReportedUse,
  serializeEvent,
} from "./event.ts";
import type { EventSink } from "./sink.ts";
import { createTimestamp } from "./timestamp.ts";

export interface RecorderOptions {
  /** `undefined` while the integration is off: events are checked and go nowhere. */
  readonly sink: EventSink | undefined;
  readonly mode: "drop" | "require";
  /** One operation was refused with 301 because its event could not be queued. */
  readonly onRefused?: () => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** An event that an application sends by itself. */
export interface ApplicationEvent {
  readonly event: string;
  /** A time that a `Date` can hold. */
  readonly timestampMillis: number;
}

/** How often a client used one cached key. */
export interface OperationCounts {
  readonly wraps: number;
  readonly unwraps: number;
}

/** Reported operations between two breaths of the event loop. */
const OPERATIONS_PER_TURN = 256;

/** As long as the longest name and time that this proxy gives an event by itself. */
const LONGEST = { name: "CUSTOM_KEY_DERIVE", timestamp: "2026-01-01T00:00:00.000Z" } as const;

/** Turns uses of keys, and what applications report, into security events. */
export class EventRecorder implements EventPort {
  readonly #sink: EventSink | undefined;
  readonly #required: boolean;
  readonly #onRefused: () => void;
  readonly #timestamp: () => string;
  // The items of a batch share one call, and mostly one millisecond: the last text is kept.
  #lastCall: Call | undefined;
  #lastCaller: CallerParts = { iclFields: "", tail: "" };
  #lastName = "";
  #lastTenantId = "";
  #lastTimestamp = "";
  #lastText = "";

  constructor({ sink, mode, onRefused = () => {}, now = Date.now }: RecorderOptions) {
    this.#sink = sink;
    this.#required = mode === "require";
    this.#onRefused = onRefused;
    this.#timestamp = createTimestamp(now);
  }

  admit(call: Call, tenantId: string = call.tenantId): void {
    admitEvent(call, { ...LONGEST, tenantId });
  }

  record(name: KeyEventName, call: Call, tenantId: string = call.tenantId): void {
    const sink = this.#sink;
    if (sink === undefined) return;
    // No key leaves with a refusal, so a full queue must not hide why it was refused.
    const required = this.#required && name !== "DATA_DENY_ACCESS";
    if (sink.full) this.#full(sink, required);
    else this.#offer(sink, this.#text(name, call, tenantId, this.#timestamp()), required);
  }

  /** As `record`; also refuses an event longer than 64 KiB (102 with HTTP status 413). */
  securityEvent(call: Call, { event: name, timestampMillis }: ApplicationEvent): void {
    const timestamp = new Date(timestampMillis).toISOString();
    const event = { name, tenantId: call.tenantId, timestamp };
    admitEvent(call, event);
    if (this.#sink === undefined) return;
    this.#offer(this.#sink, serializeEvent(callerParts(call), event), this.#required);
  }

  /**
   * One `DATA_ENCRYPT` and one `DATA_DECRYPT` event for each EDEK, with the count; none for zero.
   * Their size is checked before the first is queued. Rejects as `securityEvent` throws.
   */
  async reportOperations(
    call: Call,
    operations: ReadonlyMap<string, OperationCounts>,
  ): Promise<void> {
    const reported = longestUse(operations.values());
    admitEvent(call, { ...LONGEST, tenantId: call.tenantId, reported });
    if (this.#sink === undefined) return;
    const caller = callerParts(call);
    let index = 0;
    for (const [edek, counts] of operations) {
      for (const event of this.#eventsOf(call, edek, counts)) {
        this.#offer(this.#sink, serializeEvent(caller, event), this.#required);
      }
      index += 1;
      if (index % OPERATIONS_PER_TURN === 0) await nextTurn();
    }
  }

  #eventsOf({ tenantId }: Call, edek: string, { wraps, unwraps }: OperationCounts): EventDetails[] {
    if (wraps === 0 && unwraps === 0) return [];
    const edekSha256 = hash("sha256", edek);
    const timestamp = this.#timestamp();
    const events: EventDetails[] = [];
    if (wraps > 0) {
      const reported = { count: wraps, edekSha256 };
      events.push({ name: "DATA_ENCRYPT", tenantId, timestamp, reported });
    }
    if (unwraps > 0) {
      const reported = { count: unwraps, edekSha256 };
      events.push({ name: "DATA_DECRYPT", tenantId, timestamp, reported });
    }
    return events;
  }

  #offer(sink: EventSink, event: string, required: boolean): void {
    if (!required) sink.offer(event);
    else if (!sink.tryOffer(event)) this.#refuse();
  }

  #full(sink: EventSink, required: boolean): void {
    if (required) this.#refuse();
    else sink.miss();
  }

  #refuse(): never {
    this.#onRefused();
    throw new ProxyError(
      "SECURITY_EVENT_REJECTED",
      "The security event of this operation cannot be queued, and TSP_EVENT_MODE=require allows " +
        "no operation without one: see that an event reader is connected and keeps up",
    );
  }

  #text(name: string, call: Call, tenantId: string, timestamp: string): string {
    if (call !== this.#lastCall) {
      this.#lastCall = call;
      this.#lastCaller = callerParts(call);
    } else if (
      timestamp === this.#lastTimestamp &&
      name === this.#lastName &&
      tenantId === this.#lastTenantId
    ) {
      return this.#lastText;
    }
    this.#lastName = name;
    this.#lastTenantId = tenantId;
    this.#lastTimestamp = timestamp;
    this.#lastText = serializeEvent(this.#lastCaller, { name, tenantId, timestamp });
    return this.#lastText;
  }
}

function longestUse(operations: Iterable<OperationCounts>): ReportedUse {
  let count = 0;
  for (const { wraps, unwraps } of operations) count = Math.max(count, wraps, unwraps);
  return { count, edekSha256: "0".repeat(64) };
}
