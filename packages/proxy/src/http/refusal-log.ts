import type { ProxyError } from "../errors.ts";
import { STATUS } from "../status.ts";
import type { EndpointLabel } from "./endpoints.ts";
import type { HttpLogger } from "./ports.ts";

export interface Refusal {
  readonly error: ProxyError;
  readonly endpoint: EndpointLabel;
  readonly rayId: string;
  /** Empty while it is not known. */
  readonly tenantId: string;
}

const LONGEST_TENANT_ID = 256;
const LONGEST_MESSAGE = 1_024;
const DEEPEST_CAUSE = 4;

/** One line for a refused request. */
export function logRefusal(
  logger: HttpLogger,
  { error, endpoint, rayId, tenantId }: Refusal,
): void {
  const causes = causesOf(error);
  const fields = {
    name: "request",
    ray_id: rayId,
    ...(tenantId !== "" && { tenant_id: tenantId.slice(0, LONGEST_TENANT_ID) }),
    endpoint,
    code: STATUS[error.status],
    http_code: error.http,
    ...(causes.length > 0 && { causes }),
  };
  const message = error.fullMessage.slice(0, LONGEST_MESSAGE);
  if (error.status === "UNKNOWN_ERROR") logger.error(fields, message);
  else if (error.http >= 500 || error.http === 401) logger.warn(fields, message);
  else logger.info(fields, message);
}

interface Cause {
  readonly error: string;
  readonly code?: string;
  readonly at?: string;
}

/** Class, code and place of each cause. Their messages may quote what a client or a KMS sent. */
function causesOf(error: ProxyError): readonly Cause[] {
  const causes: Cause[] = [];
  let cause = error.cause;
  while (cause instanceof Error && causes.length < DEEPEST_CAUSE) {
    const code = "code" in cause ? String(cause.code) : "";
    const at = /^ {4}at .*$/m.exec(cause.stack ?? "")?.[0].trim();
    causes.push({
      error: cause.name,
      ...(/^\w{1,64}$/.test(code) && { code }),
      ...(at !== undefined && { at }),
    });
    ({ cause } = cause);
  }
  return causes;
}
