import { type Socket, connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A TCP connection on which a test writes HTTP by hand. */
export class RawSocket {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #ended = false;
  #error: Error | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
    });
    socket.once("end", () => {
      this.#ended = true;
    });
    socket.once("close", () => {
      this.#ended = true;
    });
    socket.once("error", (error) => {
      this.#error = error;
    });
  }

  static async open(origin: string): Promise<RawSocket> {
    const { hostname, port } = new URL(origin);
    const socket = connect(Number(port), hostname);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return new RawSocket(socket);
  }

  /** What has arrived and was not yet taken by `answer`. */
  get text(): string {
    return this.#received.toString("latin1");
  }

  /** The other side has closed, or the connection broke. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Set when the connection was reset. */
  get error(): Error | undefined {
    return this.#error;
  }

  write(bytes: string | Uint8Array): void {
    this.#socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** Reads no more, as a client that has stalled. */
  pause(): void {
    this.#socket.pause();
  }

  /** Takes the next complete answer that has a `content-length`. */
  async answer(deadlineMs = 30_000): Promise<RawAnswer> {
    const deadline = Date.now() + deadlineMs;
    for (;;) {
      const found = firstAnswer(this.#received);
      if (found !== undefined) {
        this.#received = this.#received.subarray(found.length);
        return found.answer;
      }
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) throw new Error(`the connection ended after: ${this.text}`);
      if (Date.now() > deadline) throw new Error(`no answer, only: ${this.text}`);
      await sleep(2);
    }
  }

  /** Waits until the other side closes. */
  async end(deadlineMs = 30_000): Promise<void> {
    const deadline = Date.now() + deadlineMs;
    while (!this.#ended) {
      if (Date.now() > deadline) throw new Error("the connection is still open");
      await sleep(2);
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}

export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

function firstAnswer(bytes: Buffer): { answer: RawAnswer; length: number } | undefined {
  const text = bytes.toString("latin1");
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const head = text.slice(0, headEnd);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
  const bodyLength = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
  const length = headEnd + 4 + bodyLength;
  if (bytes.length < length) return undefined;
  const body = bytes.subarray(headEnd + 4, length).toString("utf8");
  return { answer: { status, head, body }, length };
}
