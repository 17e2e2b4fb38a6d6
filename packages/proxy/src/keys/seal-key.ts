import { bindingText } from "../edek/binding.ts";
import { sealPayload } from "../edek/payload.ts";
import type { KmsConfiguration } from "../tenants/tenant.ts";
import { encodeKmsEdek } from "./kms-edek.ts";
import type { KmsPool } from "./kms-pool.ts";

export interface KmsSealing {
  readonly kms: KmsPool;
  /** Whether the KMS payload carries the tag of its binding. */
  readonly bound: boolean;
}

/**
 * Has the tenant's KMS wrap a 32-byte key that is no lease: an unleased DEK or a tenant secret.
 * Gives back the serialized `EncryptedDeks`.
 * @throws ProxyError 204, 206 to 210
 */
export async function sealWithKms(
  { kms, bound }: KmsSealing,
  tenantId: string,
  configuration: KmsConfiguration,
  key: Buffer,
  signal?: AbortSignal,
): Promise<Buffer> {
  const binding = bound ? bindingText(tenantId, configuration.id, 0) : undefined;
  const payload = sealPayload(key, binding);
  try {
    return encodeKmsEdek(await kms.wrap(configuration, payload, signal), configuration.id);
  } finally {
    payload.fill(0);
  }
}
