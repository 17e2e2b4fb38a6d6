import type { IncomingMessage } from "node:http";
import type { Exchange } from "./exchange.ts";
import { tooLarge } from "./head.ts";

/** Takes the whole body. Whatever it throws becomes the answer. */
export type UseBody = (exchange: Exchange, bytes: Buffer) => void;

const READER = Symbol("body reader");

type ReadRequest = IncomingMessage & { [READER]: BodyReader };

const NOTHING = Buffer.alloc(0);

/** Smallest buffer for a body that arrives in pieces. */
const MIN_CAPACITY = 16_384;

/** Collects the body of one request. Its listeners are shared: no request makes closures. */
class BodyReader {
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
  const request = exchange.request as ReadRequest;
  request[READER] = new BodyReader(exchange, maxBytes, use);
  request.on("data", onData);
  request.on("end", onEnd);
  request.on("error", onError);
}

function onData(this: ReadRequest, chunk: Buffer): void {
  this[READER].append(chunk);
}

function onEnd(this: ReadRequest): void {
  this[READER].end();
}

function onError(this: ReadRequest): void {
  this[READER].abandon();
}
