import { KmsError } from "@tenant-security/kms-adapters";
import { DeniedEdek } from "../edek/denied-edek.ts";
import { ProxyError } from "../errors.ts";
import type { StatusName } from "../status.ts";
import type { Call, EventPort } from "./ports.ts";

/** A KMS or a configuration that says no, as against one that cannot be asked. */
const WITHDRAWN: ReadonlySet<StatusName> = new Set([
  "KMS_AUTHORIZATION_FAILED",
  "KMS_CONFIGURATION_INVALID",
]);

/**
 * Whether a key must not be held any longer after its KMS answered with `error`: access denied, key
 * disabled, configuration unusable, ciphertext not one of this key any more. A KMS that is
 * unreachable, throttles or answers nonsense says nothing about the key.
 */
export function withdrawsKey(error: unknown): boolean {
  if (error instanceof DeniedEdek) return true;
  if (!(error instanceof ProxyError)) return false;
  if (WITHDRAWN.has(error.status)) return true;
  return KmsError.is(error.cause) && error.cause.code === "KMS_CIPHERTEXT_INVALID";
}

/** Whether a refusal is a `DATA_DENY_ACCESS`: architecture 13. */
function isDenial(error: ProxyError): boolean {
  if (error instanceof DeniedEdek) return true;
  if (WITHDRAWN.has(error.status) || error.status === "KMS_CONFIGURATION_DISABLED") return true;
  // A secret that could not be created hides why behind its own code.
  return error.status === "SECRET_CREATION_FAILED" && error.cause instanceof ProxyError
    ? isDenial(error.cause)
    : false;
}

/** Turns whatever stopped a use of a key into the answer, and into an event when it is a denial. */
export function refused(
  events: EventPort,
  call: Call,
  error: unknown,
  tenantId: string = call.tenantId,
): ProxyError {
  const answer = ProxyError.from(error);
  if (isDenial(answer)) events.record("DATA_DENY_ACCESS", call, tenantId);
  return answer;
}
