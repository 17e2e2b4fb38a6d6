import { decodeEdekText } from "../edek/codec.ts";
import { tenantOf } from "../tenants/select.ts";
import type { KeyContext } from "./context.ts";
import type { Call, WrappedKey } from "./ports.ts";
import { refused } from "./refusal.ts";
import { unwrapEdek } from "./unwrap.ts";
import { sealDek, wrappingConfiguration } from "./wrap.ts";

/** Unwraps under the call's tenant and wraps the same DEK for `newTenantId`. @throws ProxyError */
export async function rekeyKey(
  context: KeyContext,
  call: Call,
  text: string,
  newTenantId: string,
): Promise<WrappedKey> {
  const { counter, events } = context;
  events.admit(call);
  events.admit(call, newTenantId);
  const snapshot = context.tenants.current();
  const oldTenant = tenantOf(snapshot, call.tenantId);
  const newTenant = tenantOf(snapshot, newTenantId);
  const oldEdek = decodeEdekText(text);
  const configuration = wrappingConfiguration(context, call, newTenant);

  const dek = await unwrapEdek(context, call, oldTenant, oldEdek);
  try {
    const edek = await sealDek(context, call, newTenantId, configuration, dek);
    events.record("DATA_ENCRYPT", call, newTenantId);
    counter.count("wrap");
    return { dek, edek };
  } catch (error) {
    dek.fill(0);
    throw refused(events, call, error, newTenantId);
  }
}
