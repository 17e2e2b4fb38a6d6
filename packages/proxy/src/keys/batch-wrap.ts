import { ProxyError } from "../errors.ts";
import { tenantOf } from "../tenants/select.ts";
import type { KmsConfiguration } from "../tenants/tenant.ts";
import { nobodyWaits } from "./abandoned.ts";
import { Breather } from "./breather.ts";
import type { KeyContext } from "./context.ts";
import { fanOut } from "./fan-out.ts";
import type { MintedLease } from "./lease-maker.ts";
import type { Call, WrappedKey } from "./ports.ts";
import { refused } from "./refusal.ts";
import { wrappingConfiguration, wrapUnderLease, wrapWhenReady } from "./wrap.ts";

type WrapResult = WrappedKey | ProxyError;

/** One DEK for each distinct id. @throws ProxyError 200, 201, 207 when the tenant cannot wrap */
export async function batchWrapKeys(
  context: KeyContext,
  call: Call,
  documentIds: readonly string[],
): Promise<ReadonlyMap<string, WrapResult>> {
  context.events.admit(call);
  const tenant = tenantOf(context.tenants.current(), call.tenantId);
  const configuration = wrappingConfiguration(context, call, tenant);
  const ids = new Set(documentIds);
  const results = await (configuration.leasingAllowed
    ? wrapUnderLeases(context, call, configuration, ids)
    : wrapWithKms(context, call, configuration, ids));
  if (!call.abandoned) return results;
  for (const result of results.values()) {
    if (!(result instanceof ProxyError)) result.dek.fill(0);
  }
  throw nobodyWaits();
}

async function wrapUnderLeases(
  context: KeyContext,
  call: Call,
  configuration: KmsConfiguration,
  ids: ReadonlySet<string>,
): Promise<ReadonlyMap<string, WrapResult>> {
  const results = new Map<string, WrapResult>();
  const breather = new Breather();
  // Once the next lease cannot be had, the rest of the batch does not ask the KMS again.
  let failure: ProxyError | undefined;
  for (const id of ids) {
    const pause = breather.next();
    if (pause !== undefined) await pause;
    if (call.abandoned) break;
    const lease =
      failure ??
      context.leases.reserve(call.tenantId, configuration) ??
      (await nextLease(context, call, configuration));
    if (lease instanceof ProxyError) {
      failure = lease;
      results.set(id, refused(context.events, call, lease));
    } else {
      results.set(id, wrapOrRefuse(context, call, lease));
    }
  }
  return results;
}

async function wrapWithKms(
  context: KeyContext,
  call: Call,
  configuration: KmsConfiguration,
  ids: ReadonlySet<string>,
): Promise<ReadonlyMap<string, WrapResult>> {
  const results = new Map<string, WrapResult>();
  const breather = new Breather();
  await fanOut(ids, context.kms.concurrency, async (id) => {
    const pause = breather.next();
    if (pause !== undefined) await pause;
    if (call.abandoned) return;
    try {
      results.set(id, await wrapWhenReady(context, call, configuration));
    } catch (error) {
      results.set(id, ProxyError.from(error));
    }
  });
  return results;
}

async function nextLease(
  { leases }: KeyContext,
  call: Call,
  configuration: KmsConfiguration,
): Promise<MintedLease | ProxyError> {
  try {
    return await leases.reserveNext(call.tenantId, configuration, call.signal);
  } catch (error) {
    return ProxyError.from(error);
  }
}

function wrapOrRefuse(context: KeyContext, call: Call, lease: MintedLease): WrapResult {
  try {
    return wrapUnderLease(context, call, lease);
  } catch (error) {
    return ProxyError.from(error);
  }
}
