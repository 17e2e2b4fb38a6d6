import { shedError } from "./shed-error.ts";

export interface BatchGateOptions {
  /** Items under way at once, over all batches. */
  readonly items: number;
  /** Milliseconds that a batch may wait. */
  readonly waitMs: number;
}

/** One tenant has at most this part of all items, so that its silent KMS holds up nobody else. */
const LARGEST_SHARE = 4;

/** An answer that waits for its reader weighs what it is: about a sixth of the work it was. */
const BYTES_PER_ITEM = 2_048;

/** The place of a batch that is under way. Released once; then it does nothing. */
export interface BatchPlace {
  /** The work is done, and what is left of it are the bytes of its answer. */
  becomes(bytes: number): void;
  release(): void;
}

interface Lane {
  readonly tenantId: string;
  inside: number;
  readonly waiters: Set<Waiter>;
}

interface Waiter {
  readonly weight: number;
  enter(): void;
  refuse(): void;
}

/**
 * Bounds the items of all batches under way, and with them memory. Tenants take turns; within a
 * tenant it is first come, first served.
 */
export class BatchGate {
  readonly #options: BatchGateOptions;
  readonly #share: number;
  readonly #lanes = new Map<string, Lane>();
  /** Lanes in which somebody waits, in the order of their turns. */
  readonly #queued = new Map<string, Lane>();
  #inside = 0;
  #waiting = 0;
  /** Somebody whose turn it is waits for room: whoever comes now must not take it first. */
  #crowded = false;

  constructor(options: BatchGateOptions) {
    this.#options = options;
    this.#share = Math.max(1, Math.floor(options.items / LARGEST_SHARE));
  }

  /** Items under way, unread answers among them. */
  get inside(): number {
    return this.#inside;
  }

  /** Items of batches that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * A place for a batch of the tenant, at once when there is one. A batch above its tenant's share
   * counts as the share: it runs when nothing else of this tenant does.
   * How many may wait is not decided here: their bodies have a budget.
   * @throws ShedError when it waited too long, or `signal` fired before there was a place
   */
  enter(tenantId: string, items: number, signal: AbortSignal): BatchPlace | Promise<BatchPlace> {
    const weight = Math.min(Math.max(items, 1), this.#share);
    const lane = this.#laneOf(tenantId);
    const allowed = lane.waiters.size === 0 && this.#fitsShare(lane, weight);
    if (allowed && !this.#crowded && this.#fits(weight)) return this.#take(lane, weight);
    if (signal.aborted) {
      this.#forgetIfEmpty(lane);
      throw shedError("batch_items");
    }
    if (allowed) this.#crowded = true;
    return this.#wait(lane, weight, signal);
  }

  #laneOf(tenantId: string): Lane {
    const known = this.#lanes.get(tenantId);
    if (known !== undefined) return known;
    const lane: Lane = { tenantId, inside: 0, waiters: new Set() };
    this.#lanes.set(tenantId, lane);
    return lane;
  }

  #fitsShare({ inside }: Lane, weight: number): boolean {
    return inside + weight <= this.#share;
  }

  #fits(weight: number): boolean {
    return this.#inside + weight <= this.#options.items;
  }

  #take(lane: Lane, weight: number): BatchPlace {
    lane.inside += weight;
    this.#inside += weight;
    let held = weight;
    const weigh = (now: number): void => {
      if (now === held) return;
      lane.inside += now - held;
      this.#inside += now - held;
      held = now;
      this.#admit();
      this.#forgetIfEmpty(lane);
    };
    return {
      becomes: (bytes) => weigh(Math.ceil(bytes / BYTES_PER_ITEM)),
      release: () => weigh(0),
    };
  }

  #wait(lane: Lane, weight: number, signal: AbortSignal): Promise<BatchPlace> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => waiter.refuse();
      const timer = setTimeout(giveUp, this.#options.waitMs);
      const leave = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", giveUp);
        lane.waiters.delete(waiter);
        this.#waiting -= weight;
        if (lane.waiters.size === 0) this.#queued.delete(lane.tenantId);
      };
      const waiter: Waiter = {
        weight,
        enter: () => {
          leave();
          resolve(this.#take(lane, weight));
        },
        refuse: () => {
          leave();
          this.#admit();
          this.#forgetIfEmpty(lane);
          reject(shedError("batch_items"));
        },
      };
      signal.addEventListener("abort", giveUp, { once: true });
      lane.waiters.add(waiter);
      this.#waiting += weight;
      this.#queued.set(lane.tenantId, lane);
    });
  }

  #admit(): void {
    this.#crowded = false;
    // A lane whose turn it was goes to the end, where this loop meets it again.
    for (const [tenantId, lane] of this.#queued) {
      const [first] = lane.waiters;
      if (first === undefined || !this.#fitsShare(lane, first.weight)) continue;
      if (!this.#fits(first.weight)) {
        this.#crowded = true;
        return;
      }
      this.#queued.delete(tenantId);
      this.#queued.set(tenantId, lane);
      first.enter();
    }
  }

  #forgetIfEmpty(lane: Lane): void {
    if (lane.inside === 0 && lane.waiters.size === 0) this.#lanes.delete(lane.tenantId);
  }
}
