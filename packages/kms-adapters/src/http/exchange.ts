import type { Dispatcher } from "undici";
import { wipe } from "../bytes.ts";
import { HttpAnswerError, HttpStatusError } from "./errors.ts";

type Headers = Readonly<Record<string, string | string[] | undefined>>;

export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** In memory of its own; whoever asked wipes it. */
  readonly bytes: Buffer;
}

/**
 * One request and its answer, read straight from the parser: no stream is made of a few hundred
 * bytes, every buffer is wiped, and an abort settles even while no connection stands yet.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #answer = Promise.withResolvers<RawAnswer>();
  readonly #signal: AbortSignal;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: Headers = {};
  #failed = false;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    if (signal.aborted) this.#leave();
    else signal.addEventListener("abort", this.#leave, { once: true });
  }

  /**
   * Rejects with the signal's reason, with an error of the network, or with
   * `HttpAnswerError` for a redirect and an answer that is cut or too large.
   */
  get answer(): Promise<RawAnswer> {
    return this.#answer.promise;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // It waited for a socket while its caller left.
    if (this.#failed) controller.abort(new Error("nobody waits for this request"));
  }

  onResponseStart(_controller: unknown, status: number, headers: Headers): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    if (status < 400 && status >= 300) {
      this.#fail(new HttpAnswerError(`HTTP ${status}: redirects are not followed`, status));
    }
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#failed) return;
    const bytes = joined(this.#chunks);
    this.#end();
    this.#answer.resolve({ status: this.#status, headers: this.#headers, bytes });
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#fail(this.#explain(error));
  }

  readonly #leave = (): void => this.#fail(this.#signal.reason as Error);

  #fail(error: Error): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#end();
    this.#answer.reject(error);
    this.#controller?.abort(error);
  }

  #end(): void {
    this.#signal.removeEventListener("abort", this.#leave);
    for (const chunk of this.#chunks) wipe(chunk);
  }

  #explain(error: Error): Error {
    const status = this.#status;
    if (status >= 400) return new HttpStatusError(status, undefined);
    if (status > 0) {
      const reason = isTooLarge(error) ? "is too large" : "was cut";
      return new HttpAnswerError(`HTTP ${status}: the answer ${reason}`, status, error);
    }
    return isNonsense(error) ? new HttpAnswerError("the answer is not HTTP", 0, error) : error;
  }
}

function joined(chunks: readonly Buffer[]): Buffer {
  const whole = Buffer.allocUnsafeSlow(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0));
  let end = 0;
  for (const chunk of chunks) end += chunk.copy(whole, end);
  return whole;
}

function codeOf(error: Error): string {
  return "code" in error ? String(error.code) : "";
}

function isNonsense(error: Error): boolean {
  return error.name === "HTTPParserError" || codeOf(error) === "UND_ERR_HEADERS_OVERFLOW";
}

function isTooLarge(error: Error): boolean {
  return codeOf(error) === "UND_ERR_RES_EXCEEDED_MAX_SIZE";
}
