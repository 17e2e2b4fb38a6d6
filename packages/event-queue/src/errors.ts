/** Branch on this; the message is for people. */
export type EventQueueErrorCode =
  /** The endpoint is malformed, in use, or not one of this machine. */
  | "BIND_FAILED"
  /** An option is outside its limits; the message names it. */
  | "OPTION_INVALID";

// Registered in the global symbol table, so a check still works when two
// versions of this package end up in one process.
const BRAND = Symbol.for("@tenant-security/event-queue/EventQueueError");

/** What `EventQueue.bind` rejects with. The message never contains a key. */
export class EventQueueError extends Error {
  static {
    this.prototype.name = "EventQueueError";
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }

  readonly code: EventQueueErrorCode;

  constructor(code: EventQueueErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** Works across two copies of this package. */
  static is(error: unknown): error is EventQueueError {
    return typeof error === "object" && error !== null && BRAND in error;
  }
}
