import type { IncomingMessage, ServerResponse } from "node:http";
import { ProxyError } from "../errors.ts";
import type { Call, IclFields } from "../keys/ports.ts";
import type { KeyService } from "../keys/service.ts";
import { STATUS } from "../status.ts";
import { errorBody } from "./answers/error.ts";
import { type ApiKeys, sameHeader } from "./api-keys.ts";
import { Deadline } from "./deadline.ts";
import { type EndpointLabel, METRICS_PATH } from "./endpoints.ts";
import { NO_CUSTOM_FIELDS } from "./metadata.ts";
import type { HttpLimits, HttpLogger, HttpObserver } from "./ports.ts";
import type { Outbox, Unsent } from "./outbox.ts";
import { createRayId } from "./ray-id.ts";
import { logRefusal } from "./refusal-log.ts";
import { Connection, type OpenRequest } from "./server/connection.ts";
import type { Connections } from "./server/connections.ts";
import type { OkHead } from "./server/ok-head.ts";

/** What all requests share. */
export interface ExchangeParts {
  readonly keys: Pick<KeyService, "kmsTypeOf">;
  readonly observer: HttpObserver;
  readonly logger: HttpLogger;
  readonly limits: HttpLimits;
  readonly connections: Connections;
  readonly outbox: Outbox;
  readonly okHead: OkHead;
}

const NO_FIELDS: IclFields = { requestingId: "" };

/**
 * One request and its one answer. The answer is written to the socket directly: Fastify's reply
 * would copy headers and body through a dozen hooks that nothing here uses.
 */
export class Exchange implements Call, OpenRequest, Unsent {
  tenantId = "";
  iclFields: IclFields = NO_FIELDS;
  customFields: Readonly<Record<string, string>> = NO_CUSTOM_FIELDS;
  readonly rayId: string = createRayId();
  readonly endpoint: EndpointLabel;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly #parts: ExchangeParts;
  readonly #connection: Connection | undefined;
  readonly #startedAt = performance.now();
  #deadline: Deadline | undefined;
  /** The answer of a success, from the moment it is known. */
  #json: string | undefined;
  #answered = false;

  constructor(
    parts: ExchangeParts,
    endpoint: EndpointLabel,
    request: IncomingMessage,
    response: ServerResponse,
  ) {
    this.#parts = parts;
    this.endpoint = endpoint;
    this.request = request;
    this.response = response;
    this.#connection = Connection.of(request.socket);
    this.#connection?.begin(this);
    // A scrape that counted itself would never see an idle proxy.
    if (endpoint !== METRICS_PATH) parts.observer.inFlight(endpoint, 1);
  }

  get signal(): AbortSignal {
    return this.#startDeadline().signal;
  }

  /** The answer is on its way to the client. */
  get answered(): boolean {
    return this.#answered;
  }

  get received(): boolean {
    return this.request.complete;
  }

  /** Why there is no room for this request, whatever it asks for. */
  get overload(): string | undefined {
    if (this.#connection?.excess === true) return "Too many connections are open";
    if (this.#connection?.crowded === true) return "Too many requests wait on this connection";
    return undefined;
  }

  /** Why the API key is refused; a header this connection was accepted with is not hashed again. */
  keyRefusal(keys: ApiKeys): ProxyError | undefined {
    const { authorization } = this.request.headers;
    const connection = this.#connection;
    const accepted = connection?.accepted;
    if (accepted !== undefined && authorization !== undefined) {
      if (sameHeader(accepted, authorization)) return undefined;
    }
    const refusal = keys.refusal(authorization);
    if (refusal === undefined && connection !== undefined) connection.accepted = authorization;
    return refusal;
  }

  /** A wait has begun: it ends by an answer, or by one that says it took too long. */
  waitFor(work: Promise<void>): void {
    this.#startDeadline();
    work.catch((error: unknown) => this.fail(error));
  }

  /** Answers success with JSON that is all ASCII, at the end of this turn of the event loop. */
  succeed(json: string): void {
    if (this.#settled) return;
    this.#json = json;
    this.#parts.outbox.add(this);
  }

  /** Writes what `succeed` was given. */
  send(): void {
    const json = this.#json ?? "";
    const { okHead } = this.#parts;
    if (this.#closes() || !okHead.write(this.response, json.length, this.rayId)) {
      this.#writeHead(200, "application/json", json.length);
    }
    this.response.end(json, "latin1");
    this.#finish(200, 0);
  }

  /** Answers success with JSON in parts, which are not copied into one. */
  succeedInParts(parts: readonly Buffer[]): void {
    if (this.#settled) return;
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    this.#writeHead(200, "application/json", length);
    this.response.cork();
    for (const part of parts) this.response.write(part);
    this.response.end();
    this.#finish(200, 0);
  }

  /** Answers success with something that is no JSON. */
  succeedWith(contentType: string, body: string): void {
    if (this.#settled) return;
    this.#writeHead(200, contentType, Buffer.byteLength(body));
    this.response.end(body, "utf8");
    this.#finish(200, 0);
  }

  /** Answers with whatever `error` means to the caller. */
  fail(error: unknown): void {
    this.refuse(ProxyError.from(error));
  }

  refuse(error: ProxyError, allow?: string): void {
    if (this.#settled) return;
    const body = errorBody(error);
    const { http } = error;
    this.#writeHead(http, "application/json", Buffer.byteLength(body), allow);
    this.response.end(body, "utf8");
    this.#finish(http, STATUS[error.status]);
    const { endpoint, rayId, tenantId } = this;
    logRefusal(this.#parts.logger, { error, endpoint, rayId, tenantId });
  }

  /** The client has gone before its request was complete. */
  abandon(): void {
    if (!this.#settled) this.#finish(0, STATUS.INVALID_REQUEST_BODY);
  }

  onFlushed(flushed: () => void): void {
    this.response.once("finish", flushed);
  }

  /** There is an answer, and can be no other one. */
  get #settled(): boolean {
    return this.#answered || this.#json !== undefined;
  }

  #writeHead(status: number, contentType: string, length: number, allow?: string): void {
    const headers = [
      "Content-Type",
      contentType,
      "Content-Length",
      `${length}`,
      "x-ray-id",
      this.rayId,
    ];
    if (allow !== undefined) headers.push("Allow", allow);
    if (this.#closes()) headers.push("Connection", "close");
    this.response.writeHead(status, headers);
  }

  /** Only the last of pipelined requests may close: the others' answers would be lost. */
  #closes(): boolean {
    const connection = this.#connection;
    if (connection === undefined) return this.#parts.connections.draining;
    if (connection.excess) return true;
    const ends = connection.closing || this.#parts.connections.draining;
    return ends && connection.newest === this;
  }

  #startDeadline(): Deadline {
    this.#deadline ??= new Deadline(this.#parts.limits.requestTimeoutMs, () => {
      this.refuse(
        new ProxyError("UNKNOWN_ERROR", "The request took too long and was given up: try again", {
          http: 503,
        }),
      );
    });
    return this.#deadline;
  }

  #finish(httpCode: number, tspCode: number): void {
    this.#answered = true;
    this.#deadline?.clear();
    this.#connection?.end(this);
    const { observer, keys } = this.#parts;
    const seconds = (performance.now() - this.#startedAt) / 1_000;
    const kmsType = this.tenantId === "" ? "none" : keys.kmsTypeOf(this.tenantId);
    if (this.endpoint !== METRICS_PATH) observer.inFlight(this.endpoint, -1);
    observer.finished(this.endpoint, kmsType, httpCode, tspCode, seconds);
  }
}
