import { decodeEdekText } from "../edek/codec.ts";
import type { Edek } from "../edek/edek.ts";
import { ProxyError } from "../errors.ts";
import { tenantOf } from "../tenants/select.ts";
import type { Tenant } from "../tenants/tenant.ts";
import { nobodyWaits } from "./abandoned.ts";
import { Breather } from "./breather.ts";
import type { KeyContext } from "./context.ts";
import { fanOut } from "./fan-out.ts";
import { isLeased, openFromMemory, openLease } from "./open-edek.ts";
import type { Call } from "./ports.ts";
import { refused } from "./refusal.ts";
import { deliver, unwrapEdek } from "./unwrap.ts";

type UnwrapResult = Buffer | ProxyError;

interface ColdItem {
  readonly id: string;
  readonly edek: Edek;
}

/** One batch on its way. */
interface Batch {
  readonly context: KeyContext;
  readonly call: Call;
  readonly tenant: Tenant;
  readonly breather: Breather;
  readonly results: Map<string, UnwrapResult>;
}

/** One DEK or reason for each id. @throws ProxyError 201 when the tenant cannot unwrap at all */
export async function batchUnwrapKeys(
  context: KeyContext,
  call: Call,
  edeks: Iterable<readonly [id: string, edek: string]>,
): Promise<ReadonlyMap<string, UnwrapResult>> {
  context.events.admit(call);
  const tenant = tenantOf(context.tenants.current(), call.tenantId);
  const results = new Map<string, UnwrapResult>();
  const batch: Batch = { context, call, tenant, breather: new Breather(), results };
  const cold = new ColdItems();
  for (const [id, text] of edeks) {
    const pause = batch.breather.next();
    if (pause !== undefined) await pause;
    if (call.abandoned) break;
    const edek = unwrapFromMemory(batch, id, text);
    if (edek !== undefined) cold.add({ id, edek });
  }
  await fanOut(cold.groups, context.kms.concurrency, (group) => unwrapGroup(batch, group));
  if (!call.abandoned) return results;
  for (const result of results.values()) {
    if (!(result instanceof ProxyError)) result.fill(0);
  }
  throw nobodyWaits();
}

/** Settles what needs no KMS; gives back the EDEK of what does. */
function unwrapFromMemory(batch: Batch, id: string, text: string): Edek | undefined {
  const { context, call, tenant, results } = batch;
  try {
    const edek = decodeEdekText(text);
    const dek = openFromMemory(context, tenant, edek);
    if (dek === undefined) return edek;
    results.set(id, deliver(context, call, dek));
  } catch (error) {
    results.set(id, refused(context.events, call, error));
  }
  return undefined;
}

async function unwrapGroup(batch: Batch, group: readonly ColdItem[]): Promise<void> {
  const { context, call, tenant, breather, results } = batch;
  if (call.abandoned) return;
  const failure = await openLeaseOf(batch, group);
  for (const { id, edek } of group) {
    const pause = breather.next();
    if (pause !== undefined) await pause;
    if (call.abandoned) return;
    if (failure !== undefined) {
      results.set(id, refused(context.events, call, failure));
      continue;
    }
    try {
      results.set(id, await unwrapEdek(context, call, tenant, edek));
    } catch (error) {
      results.set(id, ProxyError.from(error));
    }
  }
}

/** Puts the lease that all of a group share into memory, so that its KMS is asked once. */
async function openLeaseOf(batch: Batch, group: readonly ColdItem[]): Promise<unknown> {
  const edek = group[0]?.edek;
  if (edek === undefined || !isLeased(edek)) return undefined;
  try {
    await openLease(batch.context, batch.tenant, edek, batch.call);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** What a KMS has to be asked for: each unleased EDEK alone, those of one lease together. */
class ColdItems {
  readonly groups: ColdItem[][] = [];
  readonly #byLease = new Map<string, ColdItem[]>();

  add(item: ColdItem): void {
    const { edek } = item;
    if (!isLeased(edek)) {
      this.groups.push([item]);
      return;
    }
    const { id, iv, wrappedKey } = edek.lease;
    // Everything that opening the lease depends on, so that no item decides about another's fate.
    const name = `${id}/${edek.kmsConfigId}/${iv.length}/${wrappedKey.toString("latin1")}`;
    const known = this.#byLease.get(name);
    if (known !== undefined) {
      known.push(item);
      return;
    }
    const group = [item];
    this.#byLease.set(name, group);
    this.groups.push(group);
  }
}
