/** One event: text, sent as UTF-8, or bytes that belong to the queue once they are offered. */
export type QueuedEvent = string | Uint8Array;

/** Where events go. The queue calls `send` again only after the promise before has settled. */
export interface Sender {
  /**
   * Hands one event over. Where it cannot be taken at once: without `wait`, rejects with an error
   * whose `code` is `EAGAIN`; with it, settles when it was taken, however long that takes. Any
   * other rejection means that this event never will be. After `close`, a call under way rejects.
   */
  send(event: QueuedEvent, wait: boolean): Promise<void>;

  /** Lets go of the transport; what was handed over may take `lingerMs` more to leave. */
  close(lingerMs: number): void;
}
