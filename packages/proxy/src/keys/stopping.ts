import { ProxyError } from "../errors.ts";

/** For whoever still asks once keys are wiped and clients closed. */
export function stopping(): ProxyError {
  return new ProxyError("KMS_UNREACHABLE", "This proxy is stopping. Try another one.");
}
