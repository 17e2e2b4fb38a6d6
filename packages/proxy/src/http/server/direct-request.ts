import { IncomingMessage } from "node:http";

/** Takes a body piece by piece, as the parser finds it. */
export interface BodyReader {
  append(chunk: Buffer): void;
  /** All of it has arrived. */
  end(): void;
  /** The client has gone before all of it had arrived. */
  abandon(): void;
}

/**
 * A request whose body goes from the parser straight to its reader. As a stream it would pass
 * through a buffer, three events and four ticks, which cost more than wrapping a key.
 */
export class DirectRequest extends IncomingMessage {
  static {
    const streamEnded = Object.getOwnPropertyDescriptor(
      Object.getPrototypeOf(IncomingMessage.prototype),
      "readableEnded",
    );
    Object.defineProperty(this.prototype, "readableEnded", {
      get(this: DirectRequest): boolean {
        return this.#reader === undefined ? streamEnded?.get?.call(this) : this.complete;
      },
    });
  }

  /** How `node:http` knows that there is nothing it would have to throw away after the answer. */
  declare _consuming: boolean;
  #reader: BodyReader | undefined;

  /**
   * Hands the body to `reader`. False, and nothing happens, once some of it is in the stream: read
   * that instead.
   */
  deliverTo(reader: BodyReader): boolean {
    if (this.complete || this.readableLength > 0) return false;
    this.#reader = reader;
    this._consuming = true;
    return true;
  }

  /** What the parser calls with each piece, and with `null` at the end. */
  override push(chunk: Buffer | null): boolean {
    if (this.#reader === undefined) return super.push(chunk);
    // Not before the parser is done with all that has arrived: a pipelined request may follow.
    if (chunk === null) process.nextTick(DirectRequest.#end, this);
    else this.#reader.append(chunk);
    return true;
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.complete) this.#reader?.abandon();
    super._destroy(error, callback);
  }

  static #end(this: void, request: DirectRequest): void {
    request.#reader?.end();
    request.emit("end");
  }
}
