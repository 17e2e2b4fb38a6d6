import { KEY_BYTES } from "../edek/edek.ts";
import { primaryOf, tenantOf } from "../tenants/select.ts";
import type { Snapshot } from "../tenants/source.ts";
import type { KmsConfiguration, Tenant } from "../tenants/tenant.ts";
import type { KeyContext } from "./context.ts";
import type { MintedLease } from "./lease-maker.ts";
import type { Call, MaybePromise, WrappedKey } from "./ports.ts";
import { refused } from "./refusal.ts";
import { NO_ROW } from "./ready/lease-rows.ts";
import { sealWithKms } from "./seal-key.ts";

/** Makes a DEK and wraps it for the call's tenant. Answers at once under a lease in memory. */
export function wrapKey(context: KeyContext, call: Call): MaybePromise<WrappedKey> {
  context.events.admit(call);
  const snapshot = context.tenants.current();
  const row = context.leases.ready(snapshot, call.tenantId);
  if (row !== NO_ROW) return wrapUnderLease(context, call, row);
  const tenant = tenantOf(snapshot, call.tenantId);
  const configuration = wrappingConfiguration(context, call, tenant);
  if (!configuration.leasingAllowed) return wrapWhenReady(context, call, configuration);
  const lease = context.leases.reserve(tenant.id, configuration);
  if (lease === undefined) return wrapUnderNext(context, call, snapshot, configuration);
  context.leases.remember(snapshot, tenant.id, configuration);
  return wrapUnderLease(context, call, lease);
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

/** A new DEK under a lease that `reserve` or `ready` just gave. @throws ProxyError */
export function wrapUnderLease(
  context: KeyContext,
  call: Call,
  lease: MintedLease | number,
): WrappedKey {
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

/** A new DEK under the next lease, which then is the one at hand. */
async function wrapUnderNext(
  context: KeyContext,
  call: Call,
  snapshot: Snapshot,
  configuration: KmsConfiguration,
): Promise<WrappedKey> {
  const wrapped = await wrapWhenReady(context, call, configuration);
  context.leases.remember(snapshot, call.tenantId, configuration);
  return wrapped;
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
