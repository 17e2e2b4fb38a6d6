import type { Socket } from "node:net";
import type { ProxyError } from "../../errors.ts";

/** What a connection needs to know of the requests on it. */
export interface OpenRequest {
  /** Everything the client wanted to send has arrived. */
  readonly received: boolean;
  readonly answered: boolean;
  /** Answers at once; what still arrives of the request is thrown away. */
  refuse(error: ProxyError): void;
  /** Calls back when the answer has left this process. */
  onFlushed(flushed: () => void): void;
  /** The client has gone; work that is under way for it may end. */
  leave(): void;
  /** The client has gone before the request was looked at. */
  abandon(): void;
}

interface Deferred {
  readonly request: OpenRequest;
  proceed(): void;
}

const CONNECTION = Symbol("connection");

/** Requests that one client may pipeline while none of them is answered. */
const MAX_PIPELINED = 256;

type TrackedSocket = Socket & { [CONNECTION]?: Connection };

/** One client's connection, for as long as it is open. */
export class Connection {
  readonly socket: Socket;
  /** Beyond the limit: it gets one refusal and is closed. */
  readonly excess: boolean;
  /** The request that began last, until all of it has arrived and is answered. */
  newest: OpenRequest | undefined;
  /** The client's bytes could not be understood: no further request can come from it. */
  broken = false;
  /** Whatever is answered next is the last answer. */
  closing = false;
  /** The `Authorization` header that was accepted last: the next request mostly has the same. */
  accepted: string | undefined;
  #open = 0;
  /** What must be answered before anything after it begins. */
  #holder: OpenRequest | undefined;
  #deferred: Deferred[] | undefined;
  /** When a request that is refused again does not come too early. */
  #refusedUntil = 0;
  #waiting: Set<OpenRequest> | undefined;
  // Bytes up to the last answer; more than these are part of another request.
  #accounted = 0;

  constructor(socket: Socket, excess: boolean) {
    this.socket = socket;
    this.excess = excess;
    (socket as TrackedSocket)[CONNECTION] = this;
  }

  /** Undefined for a request that did not come over a tracked socket. */
  static of(socket: Socket): Connection | undefined {
    return (socket as TrackedSocket)[CONNECTION];
  }

  begin(request: OpenRequest): void {
    this.#open += 1;
    this.newest = request;
  }

  end(request: OpenRequest): void {
    this.#open -= 1;
    // What follows an early answer is the rest of a request that nobody waits for.
    this.#accounted = request.received ? this.socket.bytesRead : Number.POSITIVE_INFINITY;
    // An idle connection keeps nothing of its last request in memory.
    if (request.received && this.newest === request) this.newest = undefined;
    this.#waiting?.delete(request);
    if (this.#holder === request) request.onFlushed(() => this.#release(request));
  }

  /** Begins nothing that comes after `request` before its answer has gone out. */
  hold(request: OpenRequest): void {
    // One that was refused while it was deferred has no answer that is still to come.
    if (!request.answered) this.#holder = request;
  }

  get held(): boolean {
    return this.#holder !== undefined;
  }

  /** For a request that comes while the connection is held. */
  defer(request: OpenRequest, proceed: () => void): void {
    (this.#deferred ??= []).push({ request, proceed });
  }

  /** Notes a refusal for want of room; gives back for how many milliseconds it comes too early. */
  shed({ retryAfterSeconds = 1 }: ProxyError): number {
    const now = performance.now();
    const earlyMs = Math.max(0, this.#refusedUntil - now);
    this.#refusedUntil = Math.max(this.#refusedUntil, now + retryAfterSeconds * 1_000);
    return earlyMs;
  }

  /** The request is told when the client goes before it is answered. */
  waits(request: OpenRequest): void {
    (this.#waiting ??= new Set()).add(request);
  }

  /** The client has gone, or was sent away. */
  closed(): void {
    for (const { request } of this.#deferred ?? []) request.abandon();
    for (const request of this.#waiting ?? []) request.leave();
    this.#holder?.leave();
    this.#deferred = undefined;
    this.#waiting = undefined;
    this.#holder = undefined;
  }

  /** More requests wait on this connection than one client may have waiting. */
  get crowded(): boolean {
    return this.#open > MAX_PIPELINED;
  }

  /** Answers are owed, or on their way to the client. */
  get busy(): boolean {
    return this.#open > 0 || this.socket.writableLength > 0;
  }

  /** The client has begun a request whose head is not complete. */
  get halfSent(): boolean {
    return this.#open === 0 && this.socket.bytesRead > this.#accounted;
  }

  #release(request: OpenRequest): void {
    if (this.#holder !== request) return;
    this.#holder = undefined;
    while (!this.held) {
      const next = this.#deferred?.shift();
      if (next === undefined) return;
      next.proceed();
    }
  }
}
