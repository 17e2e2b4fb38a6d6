import { decodeEdekText } from "../edek/codec.ts";
import type { Edek } from "../edek/edek.ts";
import { tenantOf } from "../tenants/select.ts";
import type { Tenant } from "../tenants/tenant.ts";
import type { KeyContext } from "./context.ts";
import { openEdek } from "./open-edek.ts";
import type { Call, MaybePromise } from "./ports.ts";
import { NO_ROW } from "./ready/lease-rows.ts";
import { refused } from "./refusal.ts";

/** Opens an EDEK of the call's tenant. Answers at once when its lease is in memory. */
export function unwrapKey(context: KeyContext, call: Call, text: string): MaybePromise<Buffer> {
  context.events.admit(call);
  const snapshot = context.tenants.current();
  const row = context.leases.ready(snapshot, call.tenantId);
  if (row === NO_ROW) {
    const tenant = tenantOf(snapshot, call.tenantId);
    return unwrapEdek(context, call, tenant, decodeEdekText(text));
  }
  const edek = decodeEdekText(text);
  return (
    unwrapReady(context, call, row, edek) ??
    unwrapEdek(context, call, tenantOf(snapshot, call.tenantId), edek)
  );
}

/** The same for an EDEK that is decoded already. @throws ProxyError, in the call or the promise */
export function unwrapEdek(
  context: KeyContext,
  call: Call,
  tenant: Tenant,
  edek: Edek,
): MaybePromise<Buffer> {
  try {
    const dek = openEdek(context, tenant, edek, call);
    return dek instanceof Promise ? deliverLater(context, call, dek) : deliver(context, call, dek);
  } catch (error) {
    throw refused(context.events, call, error);
  }
}

/** The DEK when the lease at hand sealed it, undefined otherwise. @throws ProxyError */
function unwrapReady(context: KeyContext, call: Call, row: number, edek: Edek): Buffer | undefined {
  try {
    const dek = context.leases.openReady(row, edek);
    return dek && deliver(context, call, dek);
  } catch (error) {
    throw refused(context.events, call, error);
  }
}

/** Records and counts an unwrap, or wipes the key when that is refused. @throws ProxyError 301 */
export function deliver({ counter, events }: KeyContext, call: Call, dek: Buffer): Buffer {
  try {
    events.record("DATA_DECRYPT", call);
    counter.count("unwrap");
    return dek;
  } catch (error) {
    dek.fill(0);
    throw error;
  }
}

async function deliverLater(
  context: KeyContext,
  call: Call,
  opening: Promise<Buffer>,
): Promise<Buffer> {
  try {
    return deliver(context, call, await opening);
  } catch (error) {
    throw refused(context.events, call, error);
  }
}
