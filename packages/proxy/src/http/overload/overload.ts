import type { HttpLimits, HttpLogger } from "../ports.ts";
import { BatchGate } from "./batch-gate.ts";
import { Budget } from "./budget.ts";
import { ShedLog } from "./shed-log.ts";
import { Shedder } from "./shedder.ts";

export interface OverloadLimits {
  /** Delay of the event loop in milliseconds from which on requests are refused; 0: never. */
  readonly overloadDelayMs: number;
  /** Requests that may wait for something at once. */
  readonly maxInFlightRequests: number;
  /** Items of all batches under way at once. */
  readonly maxInFlightBatchItems: number;
  /** Bytes of bodies of batches and of bodies that come in pieces, until they are answered. */
  readonly maxInFlightBodyBytes: number;
}

/** How long a batch may wait for its turn. */
const BATCH_WAIT_MS = 10_000;

/** What one process takes on at once, over all connections. */
export class Overload {
  readonly shedder: Shedder;
  readonly requests: Budget;
  readonly bodies: Budget;
  readonly batches: BatchGate;
  readonly log: ShedLog;

  /** Whether whoever was refused had better come back now: nothing is near its bound. */
  get relieved(): boolean {
    const { shedder, requests, bodies, batches } = this;
    return shedder.share === 0 && requests.halfFree && bodies.halfFree && batches.waiting === 0;
  }

  constructor(limits: OverloadLimits & Pick<HttpLimits, "maxBodyBytes">, logger: HttpLogger) {
    const { maxBodyBytes, maxInFlightBodyBytes } = limits;
    this.shedder = new Shedder(limits.overloadDelayMs);
    this.requests = new Budget(limits.maxInFlightRequests);
    this.bodies = new Budget(Math.max(maxInFlightBodyBytes, maxBodyBytes));
    this.batches = new BatchGate({ items: limits.maxInFlightBatchItems, waitMs: BATCH_WAIT_MS });
    this.log = new ShedLog(logger);
  }
}
