import { ProxyError } from "../../errors.ts";

/** Why a request was turned away although nothing was wrong with it; a label of its metric. */
export type ShedReason =
  | "delay"
  | "in_flight"
  | "batch_items"
  | "body_bytes"
  | "connections"
  | "pipelining";

const SENTENCES: Readonly<Record<ShedReason, string>> = {
  delay: "This proxy is overloaded and answers too late",
  in_flight: "Too many requests wait in this proxy",
  batch_items: "Too many items of batches wait in this proxy",
  body_bytes: "Too many large bodies are on their way to this proxy",
  connections: "Too many connections are open",
  pipelining: "Too many requests wait on this connection",
};

/** Clients that obey come back spread over these seconds. */
const RETRY_AFTER_SECONDS = [1, 2, 3];

/** No room. The code is 100: clients know none for this, and 209 would accuse the tenant's KMS. */
export class ShedError extends ProxyError {
  static {
    this.prototype.name = "ShedError";
  }

  readonly reason: ShedReason;

  constructor(reason: ShedReason, retryAfterSeconds: number) {
    super("UNKNOWN_ERROR", `${SENTENCES[reason]}: try again later`, {
      http: 503,
      retryAfterSeconds,
    });
    this.reason = reason;
  }
}

// Made once: a stack trace for each would cost more than all the rest of a refusal.
const ERRORS = Object.fromEntries(
  Object.keys(SENTENCES).map((reason) => [
    reason,
    RETRY_AFTER_SECONDS.map((seconds) => new ShedError(reason as ShedReason, seconds)),
  ]),
) as unknown as Readonly<Record<ShedReason, readonly ShedError[]>>;

let turn = 0;

export function shedError(reason: ShedReason): ShedError {
  turn = (turn + 1) % RETRY_AFTER_SECONDS.length;
  return ERRORS[reason][turn]!;
}
