import type { ProxyError } from "../errors.ts";
import type { KmsType } from "../tenants/tenant.ts";
import type {
  Call,
  DerivationAnswer,
  DerivationRequest,
  MaybePromise,
  WrappedKey,
} from "./ports.ts";

/**
 * The use cases, as HTTP sees them. Every rejection and throw is a `ProxyError`.
 * Order of checks: tenant (201), EDEK (203), configuration (200, 202, 203, 207), KMS (204 to 210).
 */
export interface KeyService {
  wrap(call: Call): MaybePromise<WrappedKey>;

  /** `edek` is the base64 text of the wire. */
  unwrap(call: Call, edek: string): MaybePromise<Buffer>;

  /** One entry for each distinct id; rejects as a whole when the tenant cannot wrap at all. */
  batchWrap(
    call: Call,
    documentIds: readonly string[],
  ): Promise<ReadonlyMap<string, WrappedKey | ProxyError>>;

  /** One entry for each id; `edeks` has each id once. */
  batchUnwrap(
    call: Call,
    edeks: Iterable<readonly [id: string, edek: string]>,
  ): Promise<ReadonlyMap<string, Buffer | ProxyError>>;

  /** Unwraps under the call's tenant, wraps the same key for `newTenantId`. */
  rekey(call: Call, edek: string, newTenantId: string): Promise<WrappedKey>;

  derive(call: Call, request: DerivationRequest): Promise<DerivationAnswer>;

  /** For the metric label: the tenant's primary, `none` without one. */
  kmsTypeOf(tenantId: string): KmsType | "none";
}
