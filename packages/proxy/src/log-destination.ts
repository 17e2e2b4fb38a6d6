import { write, writeSync } from "node:fs";
import { fittedLine } from "./log-line.ts";

export interface LogDestinationOptions {
  readonly fd: number;
  /** Lines that find so much waiting already are dropped. */
  readonly maxPendingBytes: number;
  /** Of one write, and so of one line. */
  readonly maxWriteBytes: number;
}

interface Chunk {
  text: string;
  bytes: number;
}

/** Until a full pipe or disk is tried again. */
const RETRY_MS = 100;

/** For the lines in the last moment of a process, when their reader has stalled. */
const FLUSH_MS = 250;
const FLUSH_RETRY_MS = 10;

/**
 * Writes lines to a descriptor without ever waiting for it. A reader that stalls or a full disk costs
 * lines, and nothing else: neither an error nor the end of the process.
 */
export class LogDestination {
  readonly #options: LogDestinationOptions;
  readonly #chunks: Chunk[] = [];
  #pendingBytes = 0;
  /** What is being written, or waits for another try. */
  #current: Buffer | undefined;
  #underWay = false;
  #gone = false;

  constructor(options: LogDestinationOptions) {
    this.#options = options;
  }

  write(line: string): void {
    if (this.#gone) return;
    const { maxPendingBytes, maxWriteBytes } = this.#options;
    const text = fittedLine(line, maxWriteBytes);
    const bytes = Buffer.byteLength(text);
    if (this.#pendingBytes + bytes > maxPendingBytes) return;
    this.#pendingBytes += bytes;
    const last = this.#chunks.at(-1);
    if (last !== undefined && last.bytes + bytes <= maxWriteBytes) {
      last.text += text;
      last.bytes += bytes;
    } else {
      this.#chunks.push({ text, bytes });
    }
    if (this.#current === undefined) this.#next();
  }

  /** Writes what waits, for as long as the descriptor takes it; what is under way is left alone. */
  flush(): void {
    const deadline = performance.now() + FLUSH_MS;
    if (this.#underWay) this.#current = undefined;
    for (let next = this.#advance(); next !== undefined && !this.#gone; next = this.#advance()) {
      try {
        this.#wrote(writeSync(this.#options.fd, next));
      } catch (error) {
        if (!isBusy(error) || performance.now() > deadline) return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, FLUSH_RETRY_MS);
      }
    }
  }

  #next(): void {
    const current = this.#advance();
    if (current === undefined || this.#gone) return;
    this.#underWay = true;
    write(this.#options.fd, current, (error, written) => {
      this.#underWay = false;
      if (error !== null) {
        this.#failed(error);
        return;
      }
      if (current === this.#current) this.#wrote(written);
      this.#next();
    });
  }

  /** What is to be written now. */
  #advance(): Buffer | undefined {
    if (this.#current !== undefined) return this.#current;
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) this.#current = Buffer.from(chunk.text);
    return this.#current;
  }

  #wrote(bytes: number): void {
    this.#pendingBytes -= bytes;
    const rest = this.#current?.subarray(bytes);
    this.#current = rest?.length === 0 ? undefined : rest;
  }

  #failed(error: NodeJS.ErrnoException): void {
    if (error.code === "EPIPE") {
      // Nobody will ever read it.
      this.#gone = true;
      this.#chunks.length = 0;
      return;
    }
    setTimeout(() => this.#next(), RETRY_MS).unref();
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EAGAIN";
}
