import { type Agent, type IncomingHttpHeaders, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { API_KEY } from "./proxy.ts";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed body; `undefined` when it is not JSON. */
  readonly json: unknown;
}

export interface WireOptions {
  readonly method?: string;
  /** Added to `authorization` and `content-type`; `undefined` removes one of them. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly agent?: Agent;
  /** PEM that the server's certificate is checked against. */
  readonly ca?: string;
  readonly timeoutMs?: number;
}

/** Sends one request with the right API key. A body that is no text is sent as JSON. */
export function send(url: string, body: unknown, options: WireOptions = {}): Promise<Answer> {
  const bytes = Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  const headers = {
    authorization: `cmk ${API_KEY}`,
    "content-type": "application/json",
    ...options.headers,
  };
  const present = Object.entries(headers).filter((entry) => entry[1] !== undefined);
  return exchange(url, options.method ?? "POST", bytes, Object.fromEntries(present), options);
}

/** Sends one GET without a body. */
export function get(url: string, options: WireOptions = {}): Promise<Answer> {
  return exchange(url, "GET", undefined, { ...options.headers }, options);
}

function exchange(
  url: string,
  method: string,
  body: Buffer | undefined,
  headers: Record<string, string | undefined>,
  { agent, ca, timeoutMs = 30_000 }: WireOptions,
): Promise<Answer> {
  const request = url.startsWith("https:") ? httpsRequest : httpRequest;
  const length = body === undefined ? {} : { "content-length": body.length };
  const options = { method, headers: { ...headers, ...length }, ...(agent && { agent }) };
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const outgoing = request(url, { ...options, signal, ...(ca && { ca }) }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        const { statusCode = 0, headers: received } = response;
        resolve({ status: statusCode, headers: received, text, json: parsed(text) });
      });
    });
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
