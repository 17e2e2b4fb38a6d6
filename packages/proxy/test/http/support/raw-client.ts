import { API_KEY } from "@tenant-security/testkit";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** A TCP connection on which a test writes HTTP by hand and sees how it ends. */
export class RawClient {
  readonly socket: Socket;
  /** Everything received. */
  received = "";
  /** `open`, `closed` by the server's FIN, or the code of an error such as `ECONNRESET`. */
  ended = "open";
  #wake: () => void = () => {};
  /** Characters from which on a look at what was received is worth it. */
  #needed = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      this.received += chunk;
      this.#wake();
    });
    socket.on("error", (error) => this.#end("code" in error ? String(error.code) : error.message));
    socket.on("end", () => this.#end("closed"));
    socket.on("close", () => this.#end("closed"));
  }

  static async open(origin: string, allowHalfOpen = false): Promise<RawClient> {
    const { hostname, port } = new URL(origin);
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen });
    onTestFinished(() => void socket.destroy());
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return new RawClient(socket);
  }

  write(text: string): this {
    this.socket.write(text, "latin1");
    return this;
  }

  /** Takes the next answer that is complete. */
  async answer(): Promise<RawAnswer> {
    for (;;) {
      const answer = this.#take();
      if (answer !== undefined) return answer;
      if (this.ended !== "open") throw new Error(`${this.ended} after: ${this.received}`);
      await this.#news();
    }
  }

  /** Waits until the connection is over; gives back how it ended. */
  async end(): Promise<string> {
    while (this.ended === "open") await this.#news();
    return this.ended;
  }

  #take(): RawAnswer | undefined {
    if (this.received.length < this.#needed) return undefined;
    const headEnd = this.received.indexOf("\r\n\r\n");
    if (headEnd < 0) return undefined;
    const [statusLine = "", ...lines] = this.received.slice(0, headEnd).split("\r\n");
    const headers = new Map(
      lines.map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const status = Number(statusLine.split(" ")[1]);
    const length = status === 100 ? 0 : Number(headers.get("content-length"));
    const end = headEnd + 4 + length;
    this.#needed = end;
    if (!(this.received.length >= end)) return undefined;
    this.#needed = 0;
    const body = Buffer.from(this.received.slice(headEnd + 4, end), "latin1").toString("utf8");
    this.received = this.received.slice(end);
    return { status, headers, body };
  }

  #news(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #end(how: string): void {
    if (this.ended === "open") this.ended = how;
    this.#wake();
  }
}

/** The bytes of a request with a body. Headers replace or add to the usual ones. */
export function requestBytes(
  path: string,
  body: string,
  headers: Readonly<Record<string, string | undefined>> = {},
): string {
  const lines = Object.entries({
    host: "127.0.0.1",
    authorization: "cmk " + API_KEY,
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
    ...headers,
  }).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}\r\n`]));
  const bytes = Buffer.from(body).toString("latin1");
  return `POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n${bytes}`;
}
