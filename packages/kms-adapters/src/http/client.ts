import { Pool } from "undici";
import { wipe } from "../bytes.ts";
import type { KmsAddress } from "./address-policy.ts";
import { HttpAnswerError, HttpStatusError } from "./errors.ts";
import { Exchange, type RawAnswer } from "./exchange.ts";

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

export interface HttpAnswer extends Pick<RawAnswer, "status" | "headers"> {
  /** Parsed JSON; undefined for 204. */
  readonly body: unknown;
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
  exchange({ method = "POST", signal, path, body, headers }: HttpRequest): Promise<RawAnswer> {
    const exchange = new Exchange(signal);
    if (!signal.aborted) {
      const sent = { accept: "application/json", ...headers };
      this.#pool.dispatch({ method, path, headers: sent, body: body ?? null }, exchange);
    }
    return exchange.answer;
  }

  /** Cuts whatever is under way. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
