import { KEY_BYTES } from "../edek/edek.ts";
import { primaryOf, tenantOf } from "../tenants/select.ts";
import type { KmsConfiguration, Tenant } from "../tenants/tenant.ts";
import type { KeyContext } from "./context.ts";
import type { MintedLease } from "./lease-maker.ts";
import type { Call, MaybePromise, WrappedKey } from "./ports.ts";
import { refused } from "./refusal.ts";
import { sealWithKms } from "./seal-key.ts";

/** Makes a DEK and wraps it for the call's tenant. Answers at once under a lease in memory. */
export function wrapKey(context: KeyContext, call: Call): MaybePromise<WrappedKey> {
  context.events.admit(call);
  const tenant = tenantOf(context.tenants.current(), call.tenantId);
  const configuration = wrappingConfiguration(context, call, tenant);
  if (configuration.leasingAllowed) {
    const lease = context.leases.reserve(tenant.id, configuration);
    if (lease !== undefined) return wrapUnderLease(context, call, lease);
  }
  return wrapWhenReady(context, call, configuration);
}

/** The configuration that wraps for a tenant; refusals are recorded. @throws ProxyError */
export function wrappingConfiguration(
  context: KeyContext,
  call: Call,
  tenant: Tenant,
): KmsConfiguration {
  try {
    return primaryOf(tenant);
  } catch (error) {
    throw refused(context.events, call, error, tenant.id);
  }
}

/** A new DEK under a lease that `reserve` just gave. @throws ProxyError */
export function wrapUnderLease(context: KeyContext, call: Call, lease: MintedLease): WrappedKey {
  const dek = Buffer.allocUnsafe(KEY_BYTES);
  try {
    context.random.fill(dek);
    const edek = context.leases.seal(lease, dek);
    context.events.record("DATA_ENCRYPT", call);
    context.counter.count("wrap");
    return { dek, edek };
  } catch (error) {
    dek.fill(0);
    throw refused(context.events, call, error);
  }
}

/** A new DEK under the next lease, or wrapped by the KMS itself. */
export async function wrapWhenReady(
  context: KeyContext,
  call: Call,
  configuration: KmsConfiguration,
): Promise<WrappedKey> {
  const dek = Buffer.allocUnsafe(KEY_BYTES);
  try {
    context.random.fill(dek);
    const edek = await sealDek(context, call, call.tenantId, configuration, dek);
    context.events.record("DATA_ENCRYPT", call);
    context.counter.count("wrap");
    return { dek, edek };
  } catch (error) {
    dek.fill(0);
    throw refused(context.events, call, error);
  }
}

/** Wraps a DEK that exists for any tenant. The DEK stays the caller's. @throws ProxyError */
export async function sealDek(
  context: KeyContext,
  call: Call,
  tenantId: string,
  configuration: KmsConfiguration,
  dek: Buffer,
): Promise<Buffer> {
  const { leases } = context;
  if (!configuration.leasingAllowed) {
    return sealWithKms(context, tenantId, configuration, dek, call.signal);
  }
  const lease =
    leases.reserve(tenantId, configuration) ??
    (await leases.reserveNext(tenantId, configuration, call.signal));
  return leases.seal(lease, dek);
}
