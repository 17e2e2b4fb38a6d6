import type { Exchange } from "./exchange.ts";
import { tooLarge } from "./head.ts";
import { type BodyReader, DirectRequest } from "./server/direct-request.ts";

/** Takes the whole body. Whatever it throws becomes the answer. */
export type UseBody = (exchange: Exchange, bytes: Buffer) => void;

const NOTHING = Buffer.alloc(0);

/** Smallest buffer for a body that arrives in pieces. */
const MIN_CAPACITY = 16_384;

/** Collects the body of one request. */
class WholeBody implements BodyReader {
  readonly #exchange: Exchange;
  readonly #maxBytes: number;
  readonly #use: UseBody;
  #bytes: Buffer = NOTHING;
  #length = 0;

  constructor(exchange: Exchange, maxBytes: number, use: UseBody) {
    this.#exchange = exchange;
    this.#maxBytes = maxBytes;
    this.#use = use;
  }

  append(chunk: Buffer): void {
    if (this.#exchange.answered) return;
    const length = this.#length + chunk.length;
    if (length > this.#maxBytes) {
      this.#bytes = NOTHING;
      this.#exchange.refuse(tooLarge(this.#maxBytes));
      return;
    }
    if (this.#length === 0) this.#bytes = chunk;
    else {
      this.#reserve(length);
      chunk.copy(this.#bytes, this.#length);
    }
    this.#length = length;
  }

  end(): void {
    if (this.#exchange.answered) return;
    try {
      this.#use(this.#exchange, this.#take());
    } catch (error) {
      this.#exchange.fail(error);
    }
  }

  abandon(): void {
    this.#exchange.abandon();
  }

  #take(): Buffer {
    const bytes = this.#bytes;
    return bytes.length === this.#length ? bytes : bytes.subarray(0, this.#length);
  }

  // One buffer that doubles: a list of single-byte chunks would weigh a hundred times the body.
  #reserve(length: number): void {
    if (length <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(
      Math.min(Math.max(length, this.#bytes.length * 2, MIN_CAPACITY), this.#maxBytes),
    );
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

/** Reads a body of at most `maxBytes`; more is 413. Calls `use` once everything has arrived. */
export function readBody(exchange: Exchange, maxBytes: number, use: UseBody): void {
  const { request } = exchange;
  const body = new WholeBody(exchange, maxBytes, use);
  if (request instanceof DirectRequest && request.deliverTo(body)) return;
  request.on("data", (chunk: Buffer) => body.append(chunk));
  request.on("end", () => body.end());
  request.on("error", () => body.abandon());
}
