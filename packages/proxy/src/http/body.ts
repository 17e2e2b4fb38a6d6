import type { ProxyError } from "../errors.ts";
import type { Exchange } from "./exchange.ts";
import { tooLarge } from "./head.ts";
import { shedError } from "./overload/shed-error.ts";
import { type BodyReader, DirectRequest } from "./server/direct-request.ts";

/** Takes the whole body. Whatever it throws becomes the answer. */
export type UseBody = (exchange: Exchange, bytes: Buffer) => void;

export interface BodyRules {
  /** More is 413. */
  readonly maxBytes: number;
  /** The request may wait when its body is here, so the body counts even if it comes whole. */
  readonly counted: boolean;
  /** Called once everything has arrived. */
  readonly use: UseBody;
}

const NOTHING = Buffer.alloc(0);

/** Smallest buffer for a body that arrives in pieces. */
const MIN_CAPACITY = 16_384;

/** Collects the body of one request. */
class WholeBody implements BodyReader {
  readonly #exchange: Exchange;
  readonly #rules: BodyRules;
  /** `NaN` when the client does not say. */
  readonly #announced: number;
  #bytes: Buffer = NOTHING;
  #length = 0;

  constructor(exchange: Exchange, rules: BodyRules) {
    this.#exchange = exchange;
    this.#rules = rules;
    this.#announced = Number(exchange.request.headers["content-length"]);
  }

  append(chunk: Buffer): void {
    if (this.#exchange.abandoned) return;
    const length = this.#length + chunk.length;
    if (length > this.#rules.maxBytes) {
      this.#refuse(tooLarge(this.#rules.maxBytes));
      return;
    }
    if (this.#length === 0) {
      if (this.#counts(chunk) && !this.#take(chunk.length)) return;
      this.#bytes = chunk;
    } else {
      if (!this.#reserve(length)) return;
      chunk.copy(this.#bytes, this.#length);
    }
    this.#length = length;
  }

  end(): void {
    if (this.#exchange.abandoned) return;
    try {
      this.#rules.use(this.#exchange, this.#content());
    } catch (error) {
      this.#exchange.fail(error);
    }
  }

  abandon(): void {
    this.#exchange.abandon();
  }

  #content(): Buffer {
    const bytes = this.#bytes;
    return bytes.length === this.#length ? bytes : bytes.subarray(0, this.#length);
  }

  // One buffer that doubles: a list of single-byte chunks would weigh a hundred times the body.
  #reserve(length: number): boolean {
    const { length: before } = this.#bytes;
    if (length <= before) return true;
    const capacity = Math.min(Math.max(length, before * 2, MIN_CAPACITY), this.#rules.maxBytes);
    if (!this.#take(capacity - before)) return false;
    const grown = Buffer.allocUnsafeSlow(capacity);
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
    return true;
  }

  /** What comes whole and is no batch is used and forgotten within this turn. */
  #counts(chunk: Buffer): boolean {
    return this.#rules.counted || chunk.length !== this.#announced;
  }

  #take(bytes: number): boolean {
    const taken = this.#exchange.stay.takeBody(bytes);
    if (!taken) this.#refuse(shedError("body_bytes"));
    return taken;
  }

  #refuse(error: ProxyError): void {
    this.#bytes = NOTHING;
    this.#exchange.refuse(error);
  }
}

export function readBody(exchange: Exchange, rules: BodyRules): void {
  const { request } = exchange;
  const body = new WholeBody(exchange, rules);
  if (request instanceof DirectRequest && request.deliverTo(body)) return;
  request.on("data", (chunk: Buffer) => body.append(chunk));
  request.on("end", () => body.end());
  request.on("error", () => body.abandon());
}
