import type { ServerResponse } from "node:http";

/** Where `node:http` keeps the text of a head until the first bytes of the body go out with it. */
type Unsent = ServerResponse & { _header?: string | null };

/**
 * The head of a success. `writeHead` looks at every character of every header and puts the same text
 * together again each time, which costs more than encrypting a key.
 */
export class OkHead {
  readonly #end: string;
  #date = "";
  /** When the date's second is over, in milliseconds since the epoch. */
  #staleAt = 0;

  constructor(keepAliveTimeoutMs: number) {
    const seconds = Math.floor(keepAliveTimeoutMs / 1_000);
    const timeout = keepAliveTimeoutMs > 0 ? `Keep-Alive: timeout=${seconds}\r\n` : "";
    this.#end = `Connection: keep-alive\r\n${timeout}\r\n`;
  }

  /**
   * Gives a response that leaves its connection open the very head `writeHead` would: `length` bytes
   * of JSON. False, and nothing happens, for every other one.
   */
  write(response: ServerResponse, length: number, rayId: string): boolean {
    const unsent = response as Unsent;
    if (!response.shouldKeepAlive || unsent._header !== null) return false;
    unsent._header =
      `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n` +
      `x-ray-id: ${rayId}\r\nDate: ${this.#now()}\r\n${this.#end}`;
    return true;
  }

  #now(): string {
    const now = Date.now();
    // A clock that was set back counts as stale, too.
    if (now >= this.#staleAt || now < this.#staleAt - 1_000) {
      this.#date = new Date(now).toUTCString();
      this.#staleAt = now - (now % 1_000) + 1_000;
    }
    return this.#date;
  }
}
