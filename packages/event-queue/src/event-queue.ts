import { Drainer } from "./drainer.ts";
import { type DropCounts, type DropReason, Drops } from "./drops.ts";
import {
  type BindOptions,
  type EventQueueOptions,
  type QueueLimits,
  queueLimits,
} from "./options.ts";
import { PushSender } from "./push-sender.ts";
import { RingBuffer } from "./ring-buffer.ts";
import type { QueuedEvent, Sender } from "./sender.ts";
import { StallClock } from "./stall-clock.ts";
import { limited, Waiters } from "./waiters.ts";

/** At every moment, also after `close`: `accepted = sent + dropped + held`. */
export interface EventQueueStats {
  /** Every offer, also one that was dropped at once. */
  readonly accepted: number;
  /** Handed over to the transport. */
  readonly sent: number;
  readonly dropped: number;
  readonly droppedBy: DropCounts;
  /** In the queue, the one in flight included. */
  readonly held: number;
  readonly heldBytes: number;
  readonly capacity: number;
  readonly maxBytes: number;
}

const CLOSE_MS = 5_000;
/** How long after the last event a reader took `close` goes on. A slow one takes them in bursts. */
const PATIENCE_MS = 5_000;
/** But so long at least, for a reader that is coming back. */
const GRACE_MS = 250;

/** Hands events to readers without ever making the caller wait. */
export class EventQueue {
  readonly #limits: QueueLimits;
  readonly #sender: Sender;
  readonly #ring: RingBuffer;
  readonly #drops: Drops;
  readonly #drainer: Drainer;
  readonly #clock = new StallClock();
  readonly #waiters = new Waiters();
  #endpoint = "";
  #accepted = 0;
  #sent = 0;
  /** How many have gone out of the ring, one way or the other. */
  #departed = 0;
  #closing: Promise<void> | undefined;

  /**
   * A queue in front of a transport of your own. For ZeroMQ see `EventQueue.bind`.
   * @throws EventQueueError `OPTION_INVALID`
   */
  constructor(sender: Sender, options: EventQueueOptions = {}) {
    this.#limits = queueLimits(options);
    this.#sender = sender;
    this.#ring = new RingBuffer(this.#limits.capacity);
    this.#drops = new Drops(options.onDrop, this.#limits.dropIntervalMs);
    this.#drainer = new Drainer(this.#ring, sender, this.#clock, {
      sent: () => this.#left(),
      failed: () => this.#left("SEND_FAILED"),
    });
  }

  /**
   * Binds a ZeroMQ PUSH socket; readers connect PULL sockets to it and share the events.
   * @throws EventQueueError `BIND_FAILED` or `OPTION_INVALID`
   */
  static async bind(options: BindOptions): Promise<EventQueue> {
    // Before the port is taken: a wrong option must not leave a socket behind.
    queueLimits(options);
    const sender = await PushSender.bind(options);
    const queue = new EventQueue(sender, options);
    queue.#endpoint = sender.endpoint;
    return queue;
  }

  /** Where readers connect to, with the real port; empty without a socket. */
  get endpoint(): string {
    return this.#endpoint;
  }

  /** Whether an event offered now is dropped, however small. Spares making it: see `miss`. */
  get full(): boolean {
    const { capacity, maxBytes } = this.#limits;
    if (this.#closing !== undefined) return true;
    return this.#ring.length === capacity || this.#ring.bytes >= maxBytes;
  }

  /**
   * Keeps the event to be sent, or drops and counts it. Returns at once and does not throw.
   * @returns false when it was dropped
   */
  offer(event: QueuedEvent): boolean {
    this.#accepted += 1;
    const reason = this.#add(event);
    if (reason === undefined) return true;
    this.#drops.add(reason);
    return false;
  }

  /** Like `offer`, but what cannot be kept is the caller's loss: it counts nowhere. */
  tryOffer(event: QueuedEvent): boolean {
    if (this.#add(event) !== undefined) return false;
    this.#accepted += 1;
    return true;
  }

  /** Counts an event that the caller did not make because the queue is `full`. */
  miss(): void {
    this.#accepted += 1;
    this.#drops.add(this.#refusal(1) ?? "QUEUE_FULL");
  }

  /** The ledger as it is now. */
  stats(): EventQueueStats {
    return {
      accepted: this.#accepted,
      sent: this.#sent,
      dropped: this.#drops.total,
      droppedBy: this.#drops.counts,
      held: this.#ring.length,
      heldBytes: this.#ring.bytes,
      capacity: this.#limits.capacity,
      maxBytes: this.#limits.maxBytes,
    };
  }

  /**
   * Waits until everything held now has left, for some milliseconds or until a signal.
   * @returns false when something of it is still held
   */
  async flush(limit: number | AbortSignal): Promise<boolean> {
    const target = this.#departed + this.#ring.length;
    if (this.#departed >= target) return true;
    this.#drainer.hurry();
    await limited(limit, (signal) => this.#waiters.wait(target, signal));
    return this.#departed >= target;
  }

  /**
   * Takes no more events, sends what is held, lets go of the port and drops the rest. Gives up at
   * the limit (default 5,000 ms), or 5 seconds after a reader last took anything. Never rejects.
   */
  close(limit: number | AbortSignal = CLOSE_MS): Promise<void> {
    this.#closing ??= this.#close(limit);
    return this.#closing;
  }

  async #close(limit: number | AbortSignal): Promise<void> {
    const started = performance.now();
    this.#drainer.hurry();
    await limited(limit, (signal) => this.#flushWhileTaken(signal));
    const stopped = this.#drainer.stop();
    const left = typeof limit === "number" ? limit - (performance.now() - started) : GRACE_MS;
    this.#sender.close(Math.min(Math.max(left, 0), PATIENCE_MS));
    await stopped;
    while (this.#ring.length > 0) {
      this.#ring.shift();
      this.#left("CLOSED");
    }
    this.#drops.tell();
  }

  async #flushWhileTaken(signal: AbortSignal): Promise<void> {
    while (this.#ring.length > 0 && !signal.aborted) {
      const before = this.#departed;
      const patienceMs = Math.max(PATIENCE_MS - this.#clock.stalledMs, GRACE_MS);
      await limited(patienceMs, (patience) => {
        const either = AbortSignal.any([signal, patience]);
        return this.#waiters.wait(before + this.#ring.length, either);
      });
      if (this.#departed === before) return;
    }
  }

  #add(event: QueuedEvent): DropReason | undefined {
    // The length of text is only worth finding out when there is a slot for it.
    if (this.#closing !== undefined || this.#ring.length === this.#limits.capacity) {
      return this.#refusal(0);
    }
    const size = typeof event === "string" ? Buffer.byteLength(event) : event.byteLength;
    const reason = this.#refusal(size);
    if (reason !== undefined) return reason;
    if (this.#ring.length === 0) this.#clock.restart();
    this.#ring.push(event, size);
    this.#drainer.wake();
    return undefined;
  }

  #refusal(size: number): DropReason | undefined {
    const { capacity, maxBytes, maxEventBytes, sendTimeoutMs } = this.#limits;
    if (this.#closing !== undefined) return "CLOSED";
    if (size > maxEventBytes) return "EVENT_TOO_LARGE";
    const slots = this.#ring.length < capacity;
    if (slots && this.#ring.bytes + size <= maxBytes) return undefined;
    if (this.#clock.stalledMs > sendTimeoutMs) return "SEND_TIMEOUT";
    return slots ? "BYTES_FULL" : "QUEUE_FULL";
  }

  #left(reason?: DropReason): void {
    this.#departed += 1;
    if (reason === undefined) this.#sent += 1;
    else this.#drops.add(reason);
    this.#waiters.reached(this.#departed);
  }
}
