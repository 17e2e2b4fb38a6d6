import { ProxyError } from "../errors.ts";

/** A refusal about HTTP itself. `code` is 102, the status says more. */
export function httpRefusal(http: number, message: string, cause?: unknown): ProxyError {
  return new ProxyError("INVALID_REQUEST_BODY", message, { http, cause });
}
