import { type Dispatcher, Pool } from "undici";
import { wipe } from "../bytes.ts";
import type { KmsAddress } from "./address-policy.ts";
import { HttpAnswerError, HttpStatusError } from "./errors.ts";

export interface HttpClientOptions {
  readonly address: KmsAddress;
  /** Milliseconds until a connection stands, name look-up and TLS included. Default: 3 000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Sockets at most; further requests wait for one. Default: 32. */
  readonly maxSockets?: number | undefined;
  /** PEM. Replaces the public authorities for this client. */
  readonly caCertificate?: string | undefined;
}

export interface HttpRequest {
  readonly method?: "GET" | "POST" | "PUT";
  /** Begins with a slash; every variable part is encoded by the caller. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is, with the content type of `headers`. The caller wipes bytes. */
  readonly body?: string | Uint8Array;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Parsed JSON; undefined for 204. */
  readonly body: unknown;
}

export interface RawAnswer extends Omit<HttpAnswer, "body"> {
  /** In memory of its own; whoever asked wipes it. */
  readonly bytes: Buffer;
}

const MAX_ANSWER_BYTES = 1_048_576;
const IDLE_MS = 30_000;

/**
 * JSON over HTTPS to one origin, for vendors that need no SDK. Follows no redirect, knows no proxy,
 * retries nothing: that is the `Kms` class's job.
 */
export class HttpClient {
  readonly #pool: Pool;

  constructor(options: HttpClientOptions) {
    const { address, connectTimeoutMs = 3_000, maxSockets = 32, caCertificate } = options;
    const ca = caCertificate === undefined ? {} : { ca: caCertificate };
    this.#pool = new Pool(address.origin, {
      connections: maxSockets,
      connect: { timeout: connectTimeoutMs, lookup: address.lookup, ...ca },
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      // The caller's signal is the deadline; a second clock would only blur the reason.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxResponseSize: MAX_ANSWER_BYTES,
    });
  }

  /**
   * Resolves with a 2xx answer of JSON.
   * @throws HttpStatusError for any other status, except redirects
   * @throws HttpAnswerError for a redirect, an answer that is cut, too large or no JSON
   */
  async request(request: HttpRequest): Promise<HttpAnswer> {
    const { status, headers, bytes } = await this.exchange(request);
    const text = bytes.toString("utf8");
    wipe(bytes);
    const body = parseJson(text);
    if (status < 200 || status > 299) throw new HttpStatusError(status, body);
    if (body === undefined && text !== "") {
      throw new HttpAnswerError(`HTTP ${status}: the answer is not JSON`, status);
    }
    return { status, headers, body };
  }

  /**
   * Resolves with an answer of any status and form, for SDKs that read it themselves.
   * @throws HttpAnswerError for a redirect, an answer that is cut or too large
   */
  async exchange({ method = "POST", signal, ...rest }: HttpRequest): Promise<RawAnswer> {
    const headers = { accept: "application/json", ...rest.headers };
    const answer = await this.#send({ ...rest, method, headers, signal });
    const status = answer.statusCode;
    if (status >= 300 && status < 400) {
      answer.body.on("error", () => {}).destroy();
      throw new HttpAnswerError(`HTTP ${status}: redirects are not followed`, status);
    }
    return { status, headers: answer.headers, bytes: await readBytes(answer, signal) };
  }

  /** Cuts whatever is under way. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #send(options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> {
    try {
      return await this.#pool.request(options);
    } catch (error) {
      if (!isHttpNonsense(error)) throw error;
      throw new HttpAnswerError("the answer is not HTTP", 0, error);
    }
  }
}

async function readBytes(answer: Dispatcher.ResponseData, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of answer.body) chunks.push(chunk as Buffer);
    return joined(chunks);
  } catch (error) {
    if (signal.aborted) throw error;
    const status = answer.statusCode;
    if (status >= 400) throw new HttpStatusError(status, undefined);
    const reason = isTooLarge(error) ? "is too large" : "was cut";
    throw new HttpAnswerError(`HTTP ${status}: the answer ${reason}`, status, error);
  } finally {
    for (const chunk of chunks) wipe(chunk);
  }
}

function joined(chunks: readonly Buffer[]): Buffer {
  const whole = Buffer.allocUnsafeSlow(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0));
  let end = 0;
  for (const chunk of chunks) end += chunk.copy(whole, end);
  return whole;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function isHttpNonsense(error: unknown): boolean {
  if (codeOf(error) === "UND_ERR_HEADERS_OVERFLOW") return true;
  return error instanceof Error && error.name === "HTTPParserError";
}

function isTooLarge(error: unknown): boolean {
  return codeOf(error) === "UND_ERR_RES_EXCEEDED_MAX_SIZE";
}
