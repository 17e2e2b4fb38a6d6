import { platform } from "node:process";
import { Context, Push } from "zeromq";
import { checkCurveKeys } from "./curve.ts";
import { EventQueueError } from "./errors.ts";
import { type BindOptions, highWaterMarkOf } from "./options.ts";
import type { QueuedEvent, Sender } from "./sender.ts";

/**
 * What ZeroMQ holds for a reader dies with that reader, and nothing tells how much it was. So the
 * socket gets as much as a fast reader needs, and the rest waits in the queue.
 */
const DEEPEST_SOCKET = 2_000;

/** For the same reason; the kernel doubles it. */
const KERNEL_BUFFER_BYTES = 131_072;

/** The only part that touches ZeroMQ: a PUSH socket that readers connect to and share. */
export class PushSender implements Sender {
  /** The endpoint with the port in use, for a `bind` that left the choice open. */
  readonly endpoint: string;
  readonly #socket: Push;
  #waits = false;

  private constructor(socket: Push, endpoint: string) {
    this.#socket = socket;
    this.endpoint = endpoint;
  }

  /** @throws EventQueueError `BIND_FAILED` or `OPTION_INVALID` */
  static async bind(options: BindOptions): Promise<PushSender> {
    const socket = createSocket(options);
    try {
      await socket.bind(options.bind);
      return new PushSender(socket, socket.lastEndpoint ?? options.bind);
    } catch (error) {
      socket.close();
      const reason = error instanceof Error ? error.message : String(error);
      const message = `Cannot bind ${options.bind}: ${reason}`;
      throw new EventQueueError("BIND_FAILED", message, { cause: error });
    }
  }

  send(event: QueuedEvent, wait: boolean): Promise<void> {
    if (wait !== this.#waits) {
      this.#waits = wait;
      this.#socket.sendTimeout = wait ? -1 : 0;
    }
    return this.#socket.send(event);
  }

  close(lingerMs: number): void {
    if (this.#socket.closed) return;
    this.#socket.linger = Math.max(Math.ceil(lingerMs), 0);
    this.#socket.close();
  }
}

/** Linux: such a thread never interrupts another one, it runs when that one waits. */
const SCHED_BATCH = 3;

/**
 * One context for all queues of the process. Otherwise each event wakes ZeroMQ's thread, which takes
 * the CPU from the thread that is about to hand over the next one: a system call for each event.
 */
let sending: Context | undefined;

function createContext(): Context {
  return new Context(platform === "linux" ? { threadSchedulingPolicy: SCHED_BATCH } : {});
}

function createSocket(options: BindOptions): Push {
  const { bind, curve } = options;
  if (curve !== undefined) checkCurveKeys(curve);
  return new Push({
    context: (sending ??= createContext()),
    sendHighWaterMark: Math.min(highWaterMarkOf(options), DEEPEST_SOCKET),
    sendBufferSize: KERNEL_BUFFER_BYTES,
    // Asking first whether the socket is writable would cost a system call for each event. Only
    // once it was not, the next call waits in the poller: no timer, no work without a reader.
    sendTimeout: 0,
    linger: 0,
    ipv6: bind.includes("["),
    // Finds readers that vanished without closing their connection, within a minute.
    tcpKeepalive: 1,
    tcpKeepaliveIdle: 30,
    tcpKeepaliveInterval: 10,
    tcpKeepaliveCount: 3,
    ...(curve && {
      curveServer: true,
      curvePublicKey: curve.publicKey,
      curveSecretKey: curve.secretKey,
    }),
  });
}
