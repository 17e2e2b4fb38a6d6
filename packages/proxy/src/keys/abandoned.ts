import { ProxyError } from "../errors.ts";

/** For work that was ended because nobody would have read its outcome; nobody reads this either. */
export function nobodyWaits(): ProxyError {
  return new ProxyError("UNKNOWN_ERROR", "Nobody waits for the answer any more", { http: 503 });
}
