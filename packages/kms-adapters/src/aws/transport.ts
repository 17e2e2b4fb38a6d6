import { HttpClient, type HttpClientOptions } from "../http/client.ts";
import { HttpAnswerError, HttpStatusError } from "../http/errors.ts";
import type { RawAnswer } from "../http/exchange.ts";

/** What an SDK client hands to its request handler. */
interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

interface SdkCall {
  readonly abortSignal?: unknown;
}

interface SdkResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

/** The shape of `requestHandler`. A type and no interface: the SDK wants an index signature. */
// oxlint-disable-next-line typescript/consistent-type-definitions
type SdkHandler = {
  readonly handle: (request: SdkRequest, call?: SdkCall) => Promise<{ response: SdkResponse }>;
  /** The SDK calls these two; there is nothing to configure from outside. */
  readonly updateHttpClientConfig: () => void;
  readonly httpHandlerConfigs: () => object;
};

export interface TransportOptions extends HttpClientOptions {
  /** What an answer must look like before the SDK may read it. */
  readonly format: "json" | "xml";
}

const NEVER = new AbortController().signal;

/**
 * Carries the requests of an SDK client over our own guarded HTTP client: whatever the SDK makes of
 * environment, files and endpoints, the bytes go to the admitted address and nowhere else.
 */
export class SdkTransport {
  readonly handler: SdkHandler = {
    handle: (request, call) => this.#handle(request, call),
    updateHttpClientConfig: () => {},
    httpHandlerConfigs: () => ({}),
  };
  readonly #http: HttpClient;
  readonly #looksRight: (text: string) => boolean;

  constructor({ format, ...options }: TransportOptions) {
    this.#http = new HttpClient(options);
    this.#looksRight = format === "json" ? isJson : isXml;
  }

  async #handle(request: SdkRequest, call: SdkCall = {}): Promise<{ response: SdkResponse }> {
    const { method, path, headers, body } = request;
    if (method !== "POST") throw new TypeError("KMS and STS are called by POST only");
    const signal = call.abortSignal instanceof AbortSignal ? call.abortSignal : NEVER;
    const sent = body === undefined ? {} : { body };
    const answer = await this.#http.exchange({ path, headers, signal, ...sent });
    this.#check(answer);
    const { status, bytes } = answer;
    return { response: { statusCode: status, headers: flat(answer.headers), body: bytes } };
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  #check({ status, bytes }: RawAnswer): void {
    if (this.#looksRight(bytes.toString("utf8"))) return;
    if (status < 200 || status > 299) throw new HttpStatusError(status, undefined);
    throw new HttpAnswerError(`HTTP ${status}: the answer is of another form`, status);
  }
}

function isJson(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function isXml(text: string): boolean {
  return /^\s*(?:<\?xml[^>]*>\s*)?<(?:\w+:)?(?:AssumeRole|Error)/.test(text);
}

function flat(headers: RawAnswer["headers"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, [value ?? ""].flat().join(", ")]),
  );
}
