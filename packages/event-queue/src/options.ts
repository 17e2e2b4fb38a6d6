import type { DropListener } from "./drops.ts";
import { EventQueueError } from "./errors.ts";

/** Limits of a queue, whatever it sends through. */
export interface EventQueueOptions {
  /** Events held before new ones are dropped, 1 to 10,000,000. Default 25,000. */
  readonly capacity?: number | undefined;
  /** Bytes of all events held before new ones are dropped, at least `maxEventBytes`. Default 64 MiB. */
  readonly maxBytes?: number | undefined;
  /** Bytes of one event, 1 to 1 GiB. Default 64 KiB. */
  readonly maxEventBytes?: number | undefined;
  /**
   * Milliseconds that the oldest event may wait for a reader before drops count as
   * `SEND_TIMEOUT`, 0 to 3,600,000. Default 25. Nobody waits for it, and nothing is dropped while
   * there is room.
   */
  readonly sendTimeoutMs?: number | undefined;
  /** Told once per interval and reason, at the latest in `close`. Must not throw. */
  readonly onDrop?: DropListener | undefined;
  /** Milliseconds between two calls of `onDrop`, 1 to 3,600,000. Default 1,000. */
  readonly dropIntervalMs?: number | undefined;
}

/** Z85 text of 40 characters each. */
export interface CurveKeyPair {
  /** What readers must know, as the key of the server they connect to. */
  readonly publicKey: string;
  /** Never leaves this process. */
  readonly secretKey: string;
}

/** A queue with a ZeroMQ socket. */
export interface BindOptions extends EventQueueOptions {
  /** ZeroMQ endpoint, `tcp://0.0.0.0:5555` or `tcp://[::1]:0`; port 0 takes a free one. */
  readonly bind: string;
  /**
   * Events the socket may keep for each connected reader, 1 to 10,000,000. Default 25,000; of more
   * than 2,000 the rest stays in the queue, where it outlives the reader.
   */
  readonly highWaterMark?: number | undefined;
  /** Encrypts the socket, and shuts out readers that do not know the public key. */
  readonly curve?: CurveKeyPair | undefined;
}

export interface QueueLimits {
  readonly capacity: number;
  readonly maxBytes: number;
  readonly maxEventBytes: number;
  readonly sendTimeoutMs: number;
  readonly dropIntervalMs: number;
}

const MOST_EVENTS = 10_000_000;
const HOUR_MS = 3_600_000;

/** @throws EventQueueError `OPTION_INVALID` */
export function queueLimits(options: EventQueueOptions): QueueLimits {
  const maxEventBytes = whole("maxEventBytes", options.maxEventBytes ?? 65_536, 1, 2 ** 30);
  return {
    capacity: whole("capacity", options.capacity ?? 25_000, 1, MOST_EVENTS),
    maxBytes: whole("maxBytes", options.maxBytes ?? 2 ** 26, maxEventBytes, 2 ** 40),
    maxEventBytes,
    sendTimeoutMs: whole("sendTimeoutMs", options.sendTimeoutMs ?? 25, 0, HOUR_MS),
    dropIntervalMs: whole("dropIntervalMs", options.dropIntervalMs ?? 1_000, 1, HOUR_MS),
  };
}

/** @throws EventQueueError `OPTION_INVALID` */
export function highWaterMarkOf({ highWaterMark = 25_000 }: BindOptions): number {
  return whole("highWaterMark", highWaterMark, 1, MOST_EVENTS);
}

function whole(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  const message = `${name} must be a whole number from ${least} to ${most}, not ${value}`;
  throw new EventQueueError("OPTION_INVALID", message);
}
