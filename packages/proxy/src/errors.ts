import { KmsError } from "@tenant-security/kms-adapters";
import { HTTP_STATUS, STATUS, type StatusName, statusOf } from "./status.ts";

export interface ProxyErrorOptions extends ErrorOptions {
  /** Replaces the HTTP status of the code's own row, for answers about HTTP itself (404, 413, …). */
  readonly http?: number;
  /** What only those who run the proxy may learn, such as a path: for the log, never for a caller. */
  readonly detail?: string | undefined;
  /** When it is worth to try again. Default: 1 for HTTP statuses 429 and 503, else never said. */
  readonly retryAfterSeconds?: number | undefined;
}

/** An answer the caller is meant to read. Anything else turns into `UNKNOWN_ERROR`. */
export class ProxyError extends Error {
  static {
    this.prototype.name = "ProxyError";
  }

  readonly status: StatusName;
  readonly http: number;
  /** For the header `Retry-After`; undefined: trying again is not known to help. */
  readonly retryAfterSeconds: number | undefined;
  readonly #detail: string | undefined;

  constructor(status: StatusName, message: string, options: ProxyErrorOptions = {}) {
    super(message, options);
    this.status = status;
    this.http = options.http ?? HTTP_STATUS[status];
    this.retryAfterSeconds = options.retryAfterSeconds ?? (isTemporary(this.http) ? 1 : undefined);
    this.#detail = options.detail;
  }

  /** See {@link ProxyErrorOptions}. */
  get detail(): string | undefined {
    return this.#detail;
  }

  /** Message and detail, for the log and the command line. */
  get fullMessage(): string {
    return this.#detail === undefined ? this.message : `${this.message}: ${this.#detail}`;
  }

  static from(error: unknown): ProxyError {
    if (error instanceof ProxyError) return error;
    if (KmsError.is(error)) {
      return new ProxyError(statusOf(error.code, error.operation), error.message, { cause: error });
    }
    return new ProxyError("UNKNOWN_ERROR", "The request could not be processed", { cause: error });
  }

  /** The body on the wire. The cause goes to the log and nowhere else. */
  toJSON(): { code: number; message: string } {
    return { code: STATUS[this.status], message: this.message };
  }
}

/** Too much at the moment, or not available at the moment. */
function isTemporary(http: number): boolean {
  return http === 429 || http === 503;
}
