import { DeniedEdek } from "../edek/denied-edek.ts";
import { ProxyError } from "../errors.ts";
import type { StatusName } from "../status.ts";

/**
 * An error as plain data. A `ProxyError` stays one and means the same in the other process: to the
 * caller, to the log, and to whoever records denials. A system's error keeps what tells its cause.
 */
export interface PlainError {
  readonly message: string;
  readonly status?: StatusName | undefined;
  readonly http?: number | undefined;
  readonly detail?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  /** It is a `DeniedEdek`. */
  readonly denied?: boolean | undefined;
  readonly code?: string | undefined;
  readonly syscall?: string | undefined;
  readonly address?: string | undefined;
  readonly port?: number | undefined;
}

export function toPlain(error: unknown): PlainError {
  if (error instanceof ProxyError) {
    const { message, status, http, detail, retryAfterSeconds } = error;
    const denied = error instanceof DeniedEdek;
    return { message, status, http, detail, retryAfterSeconds, denied };
  }
  if (!(error instanceof Error)) return { message: String(error) };
  const { code, syscall, address, port } = error as NodeJS.ErrnoException & {
    readonly address?: string;
    readonly port?: number;
  };
  return { message: error.message, code, syscall, address, port };
}

export function fromPlain(plain: PlainError): Error {
  const { message, status, http, detail, retryAfterSeconds, denied, ...system } = plain;
  if (status === undefined) return Object.assign(new Error(message), defined(system));
  if (denied === true) return new DeniedEdek(message);
  const options = { detail, retryAfterSeconds, ...(http !== undefined && { http }) };
  return new ProxyError(status, message, options);
}

function defined(members: object): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
