import { fromPlain, type PlainError, toPlain } from "./plain-error.ts";

/** What one side may ask of the other: name → argument and result, plain data both. */
export type Calls = object;

type Argument<C, Name extends keyof C> = C[Name] extends readonly [infer A, unknown] ? A : never;
type Result<C, Name extends keyof C> = C[Name] extends readonly [unknown, infer R] ? R : never;

export type Handlers<C extends Calls> = {
  readonly [Name in keyof C]: (
    argument: Argument<C, Name>,
  ) => Result<C, Name> | Promise<Result<C, Name>>;
};

/** The slice of a `ChildProcess`, a cluster's `Worker` or `process` that is used. */
export interface LinkPort {
  send?(message: unknown, callback: (error: Error | null) => void): unknown;
  on(event: "message", listener: (message: unknown) => void): unknown;
  on(event: "disconnect", listener: () => void): unknown;
}

interface Message {
  readonly call?: string;
  readonly id?: number;
  readonly answers?: number;
  readonly value?: unknown;
  readonly error?: PlainError;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Calls kept for handlers that are about to be there. */
const MAX_EARLY = 1_024;

/** The other process is gone, or did not answer in time. */
export class LinkError extends Error {
  static {
    this.prototype.name = "LinkError";
  }
}

/** Calls between two processes of one proxy, in both directions, in order. */
export class Link<Outgoing extends Calls, Incoming extends Calls> {
  readonly #port: LinkPort;
  readonly #handlers: Partial<Handlers<Incoming>>;
  readonly #pending = new Map<number, Pending>();
  readonly #onError: (error: unknown) => void;
  /** Calls that came before whoever handles them. */
  #early: Message[] = [];
  #nextId = 1;
  #open = true;

  /**
   * What nobody handles yet waits for `handle`; `onError` gets what a handler threw that nobody
   * waits for.
   */
  constructor(
    port: LinkPort,
    handlers: Partial<Handlers<Incoming>>,
    onError: (error: unknown) => void,
  ) {
    this.#port = port;
    this.#onError = onError;
    this.#handlers = { ...handlers };
    port.on("message", (message) => this.#receive(message as Message));
    port.on("disconnect", () => this.close());
  }

  /** From now on these are answered as well, beginning with those that have come already. */
  handle(handlers: Partial<Handlers<Incoming>>): void {
    Object.assign(this.#handlers, handlers);
    const early = this.#early;
    this.#early = [];
    for (const message of early) this.#receive(message);
  }

  /**
   * Resolves with the answer of the other side.
   * @throws LinkError when it is gone or `timeoutMs` are over; otherwise what its handler threw
   */
  ask<Name extends keyof Outgoing & string>(
    call: Name,
    value: Argument<Outgoing, Name>,
    timeoutMs: number,
  ): Promise<Result<Outgoing, Name>> {
    const id = this.#nextId;
    this.#nextId += 1;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const timer = setTimeout(
      () => this.#settle(id)?.reject(new LinkError(`no answer to "${call}" in ${timeoutMs} ms`)),
      timeoutMs,
    );
    this.#pending.set(id, {
      resolve: (answer) => (clearTimeout(timer), resolve(answer)),
      reject: (error) => (clearTimeout(timer), reject(error)),
    });
    this.#send({ call, id, value });
    return promise as Promise<Result<Outgoing, Name>>;
  }

  /** Sends and forgets; nothing happens when the other side is gone. */
  tell<Name extends keyof Outgoing & string>(call: Name, value: Argument<Outgoing, Name>): void {
    this.#send({ call, value });
  }

  #send(message: Message): void {
    const failed = (): void => {
      if (message.id === undefined) return;
      this.#settle(message.id)?.reject(new LinkError("the other process is gone"));
    };
    if (!this.#open || this.#port.send === undefined) {
      failed();
      return;
    }
    try {
      this.#port.send(message, (error) => error && failed());
    } catch {
      failed();
    }
  }

  #receive(message: Message): void {
    const { answers, call, error, id, value } = message;
    if (answers !== undefined) {
      const pending = this.#settle(answers);
      if (error === undefined) pending?.resolve(value);
      else pending?.reject(fromPlain(error));
    } else if (call !== undefined && Object.hasOwn(this.#handlers, call)) {
      void this.#handle(call as keyof Incoming, value, id);
    } else if (call !== undefined && this.#early.length < MAX_EARLY) {
      this.#early.push(message);
    }
  }

  async #handle(call: keyof Incoming, argument: unknown, id: number | undefined): Promise<void> {
    try {
      const value: unknown = await this.#handlers[call]?.(argument as never);
      if (id !== undefined) this.#send({ answers: id, value });
    } catch (error) {
      if (id === undefined) this.#onError(error);
      else this.#send({ answers: id, error: toPlain(error) });
    }
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  /** The other side is gone: nobody waits for it any more. */
  close(): void {
    this.#open = false;
    for (const id of this.#pending.keys()) {
      this.#settle(id)?.reject(new LinkError("the other process is gone"));
    }
  }
}
