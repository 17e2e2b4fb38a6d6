import type { IncomingMessage, ServerResponse } from "node:http";
import { ProxyError } from "../errors.ts";
import type { Call, IclFields } from "../keys/ports.ts";
import { STATUS } from "../status.ts";
import { errorBody } from "./answers/error.ts";
import { type ApiKeys, sameHeader } from "./api-keys.ts";
import { Deadline } from "./deadline.ts";
import { type EndpointLabel, METRICS_PATH } from "./endpoints.ts";
import { NO_CUSTOM_FIELDS } from "./metadata.ts";
import type { ExchangeParts } from "./exchange-parts.ts";
import type { Reservation } from "./ports.ts";
import type { Unsent } from "./outbox.ts";
import { ShedError, shedError, type ShedReason } from "./overload/shed-error.ts";
import { Stay } from "./overload/stay.ts";
import { createRayId } from "./ray-id.ts";
import { tellRefusal } from "./tell-refusal.ts";
import { Connection, type OpenRequest } from "./server/connection.ts";

const NO_HEADERS: readonly string[] = [];

const NO_FIELDS: IclFields = { requestingId: "" };

/**
 * One request and its one answer. The answer is written to the socket directly: Fastify's reply
 * would copy headers and body through a dozen hooks that nothing here uses.
 */
export class Exchange implements Call, OpenRequest, Unsent {
  tenantId = "";
  iclFields: IclFields = NO_FIELDS;
  customFields: Readonly<Record<string, string>> = NO_CUSTOM_FIELDS;
  /** For its events; given back when there is an answer. */
  room: Reservation | undefined;
  readonly rayId: string = createRayId();
  readonly endpoint: EndpointLabel;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly #parts: ExchangeParts;
  readonly #connection: Connection | undefined;
  readonly #startedAt = performance.now();
  #deadline: Deadline | undefined;
  /** The answer of a success, from the moment it is known until it is written. */
  #json: string | undefined;
  #counted = false;
  #answered = false;
  #stay: Stay | undefined;

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

  get abandoned(): boolean {
    return this.#settled || this.#stay?.over === true;
  }

  get stay(): Stay {
    return (this.#stay ??= new Stay(this.#parts.overload));
  }

  /** Why there is no room for this request, whatever it asks for. */
  get noRoom(): ShedReason | undefined {
    if (this.#connection?.excess === true) return "connections";
    if (this.#connection?.crowded === true) return "pipelining";
    const { shedder } = this.#parts.overload;
    return shedder.refuses(this.request.headers["content-length"]) ? "delay" : undefined;
  }

  /** Whether an answer before this one on the same connection has to go out first. */
  get mustWait(): boolean {
    return this.#connection?.held === true && !this.#connection.crowded;
  }

  /** Calls `proceed` when that has happened. */
  defer(proceed: () => void): void {
    this.#connection?.defer(this, proceed);
  }

  /** Nothing that is sent after this request is begun before its answer has gone out. */
  holdConnection(): void {
    this.#connection?.hold(this);
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
    const deadline = this.#startDeadline();
    work.catch((error: unknown) => this.fail(error));
    // A scrape has to get through when nothing else does.
    if (this.endpoint === METRICS_PATH) return;
    this.#connection?.waits(this);
    if (this.stay.takeRequest()) return;
    this.refuse(shedError("in_flight"));
    deadline.end();
  }

  /** The client has gone: nobody will ever read the answer. */
  leave(): void {
    this.stay.leave();
    this.#deadline?.end();
    const { parked } = this.stay;
    if (parked !== undefined) this.refuse(parked);
  }

  /**
   * Answers success with JSON, each character of which is one byte, at the end of this turn of the
   * event loop.
   */
  succeed(json: string): void {
    if (this.#settled) return;
    this.#json = json;
    this.#parts.outbox.add(this);
  }

  /** Counts the answer, unless it has been counted as what it was to be. */
  count(httpCode = 200, tspCode = 0): void {
    if (this.#counted) return;
    this.#counted = true;
    const { observer, keys } = this.#parts;
    const seconds = (performance.now() - this.#startedAt) / 1_000;
    const kmsType = this.tenantId === "" ? "none" : keys.kmsTypeOf(this.tenantId);
    observer.finished(this.endpoint, kmsType, httpCode, tspCode, seconds);
  }

  /** Writes what `succeed` was given. */
  send(): void {
    const json = this.#json ?? "";
    this.#json = undefined;
    this.#writeOkHead(json.length);
    this.response.end(json, "latin1");
    this.#finish();
  }

  /** Resolves when what this request did so far is recorded. */
  async recorded(): Promise<void> {
    const { records } = this.#parts;
    if (!records.save()) await new Promise<void>((proceed) => records.whenSafe(proceed));
  }

  /** Answers success with JSON in parts, which are not copied into one; `abandoned` comes first. */
  succeedInParts(parts: readonly Buffer[], length: number): void {
    this.#record();
    this.#writeOkHead(length);
    this.response.cork();
    for (const part of parts) this.response.write(part);
    this.response.end();
    this.#finish();
  }

  /** Answers success with something that is no JSON. */
  succeedWith(contentType: string, body: string): void {
    if (this.#settled) return;
    this.#record();
    this.#writeHead(200, contentType, Buffer.byteLength(body));
    this.response.end(body, "utf8");
    this.#finish();
  }

  /** Answers with whatever `error` means to the caller. */
  fail(error: unknown): void {
    this.refuse(ProxyError.from(error));
  }

  refuse(error: ProxyError, allow?: string): void {
    const parked = this.#stay?.parked;
    if (this.#settled || (parked !== undefined && parked !== error)) return;
    if (this.#stay?.gone === true) {
      this.#endUnanswered(STATUS[error.status]);
      return;
    }
    if (parked === undefined && error instanceof ShedError && this.#park(error)) return;
    const { endpoint, rayId, tenantId } = this;
    const body = errorBody(error);
    const { http, retryAfterSeconds } = error;
    const headers = allow === undefined ? [] : ["Allow", allow];
    if (retryAfterSeconds !== undefined) headers.push("Retry-After", `${retryAfterSeconds}`);
    tellRefusal(this.#parts, { error, endpoint, rayId, tenantId });
    this.#record(http, STATUS[error.status]);
    this.#writeHead(http, "application/json", Buffer.byteLength(body), headers);
    this.response.end(body, "utf8");
    this.#finish();
  }

  /** A client that comes back too early, only to be refused again, is told so when it is time. */
  #park(error: ShedError): boolean {
    // Only answers that pile up stop node:http from reading on.
    if (error.reason === "pipelining") return false;
    const earlyMs = this.#connection?.shed(error) ?? 0;
    if (earlyMs === 0) return false;
    this.stay.park(error, earlyMs, (parked) => this.refuse(parked));
    this.#deadline?.end();
    this.#connection?.waits(this);
    return true;
  }

  /** The client has gone before its request was complete. */
  abandon(): void {
    if (!this.#settled) this.#endUnanswered(STATUS.INVALID_REQUEST_BODY);
  }

  onFlushed(flushed: () => void): void {
    this.response.once("finish", flushed);
  }

  /** There is an answer, and can be no other one. */
  get #settled(): boolean {
    return this.#answered || this.#json !== undefined;
  }

  #writeOkHead(length: number): void {
    const { okHead } = this.#parts;
    if (!this.#closes() && okHead.write(this.response, length, this.rayId)) return;
    this.#writeHead(200, "application/json", length);
  }

  #writeHead(status: number, contentType: string, length: number, more = NO_HEADERS): void {
    const headers = ["Content-Type", contentType, "Content-Length", `${length}`];
    headers.push("x-ray-id", this.rayId, ...more);
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

  /** Before an answer leaves: whoever has one finds it in the metrics. */
  #record(httpCode?: number, tspCode?: number): void {
    this.count(httpCode, tspCode);
    this.#parts.records.save();
  }

  /** Nobody waits for an answer. */
  #endUnanswered(tspCode: number): void {
    this.count(0, tspCode);
    this.#finish();
  }

  #finish(): void {
    this.#answered = true;
    this.room?.release();
    this.#deadline?.clear();
    this.#connection?.end(this);
    this.#stay?.give();
    if (this.endpoint !== METRICS_PATH) this.#parts.observer.inFlight(this.endpoint, -1);
  }
}
