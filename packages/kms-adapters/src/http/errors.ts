import { DriverError } from "../driver-error.ts";

/** An address that a configuration may not lead to; 207 on the wire. */
export class AddressError extends DriverError {
  static {
    this.prototype.name = "AddressError";
  }

  /** The callback of `net` and the SDKs pass errors on by this member. */
  readonly code = "ERR_KMS_ADDRESS_FORBIDDEN";

  constructor(detail: string) {
    super({ code: "KMS_CONFIG_INVALID", detail });
  }
}

/** The vendor answered with a status that is no success. */
export class HttpStatusError extends Error {
  static {
    this.prototype.name = "HttpStatusError";
  }

  readonly status: number;
  readonly #body: unknown;

  constructor(status: number, body: unknown) {
    super(`HTTP ${status}`);
    this.status = status;
    this.#body = body;
  }

  /** Parsed JSON, undefined when it was none. Not a plain member: loggers must not print it. */
  get body(): unknown {
    return this.#body;
  }
}

/** Something came back that cannot be an answer of the vendor's API. */
export class HttpAnswerError extends DriverError {
  static {
    this.prototype.name = "HttpAnswerError";
  }

  constructor(detail: string, httpStatus: number, cause?: unknown) {
    super({ code: "KMS_RESPONSE_INVALID", detail, httpStatus }, { cause });
  }
}
