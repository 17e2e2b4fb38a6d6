import { bindingText } from "../edek/binding.ts";
import { decodeWrappedKey } from "../edek/codec.ts";
import { bindingMismatch } from "../edek/denied-edek.ts";
import {
  type Edek,
  type EdekLease,
  invalidEdek,
  KEY_BYTES,
  SEALED_KEY_BYTES,
} from "../edek/edek.ts";
import { type LeaseCipher, leaseCipherOf } from "../edek/lease-ciphers.ts";
import { checkPayload } from "../edek/payload.ts";
import type { KmsConfiguration, Tenant } from "../tenants/tenant.ts";
import { namedConfiguration } from "./configuration.ts";
import type { KeyContext } from "./context.ts";
import type { HeldKey } from "./held-key.ts";
import type { Call, MaybePromise } from "./ports.ts";

/** Whose deadline counts; read only when a KMS has to be asked. */
type Deadline = Pick<Call, "signal">;

/** What is needed to open EDEKs. */
export type OpeningContext = Pick<KeyContext, "kms" | "leases">;

/** An EDEK whose DEK is sealed under a lease. */
export interface LeasedEdek extends Edek {
  readonly lease: EdekLease;
}

/**
 * The 32-byte DEK of an EDEK, which the caller wipes: at once when its lease is in memory.
 * @throws ProxyError 202, 203, 205 to 210, in the call or in the promise
 */
export function openEdek(
  context: OpeningContext,
  tenant: Tenant,
  edek: Edek,
  deadline: Deadline,
): MaybePromise<Buffer> {
  return openFromMemory(context, tenant, edek) ?? openByAsking(context, tenant, edek, deadline);
}

/** The DEK if its lease is in memory, undefined when a KMS has to be asked. @throws ProxyError */
export function openFromMemory(
  { leases }: OpeningContext,
  tenant: Tenant,
  edek: Edek,
): Buffer | undefined {
  const cipher = isLeased(edek) ? cipherOf(edek) : undefined;
  const configuration = namedConfiguration(tenant, edek.kmsConfigId);
  if (cipher === undefined || !isLeased(edek)) return undefined;
  const key = leases.find(tenant.id, edek.lease);
  if (key === undefined) return undefined;
  const { fingerprint } = innerConfiguration(tenant, configuration, key.configurationId, cipher);
  return fingerprint === key.fingerprint ? openUnder(key, cipher, edek) : undefined;
}

export function isLeased(edek: Edek): edek is LeasedEdek {
  return edek.lease !== undefined;
}

/**
 * Opens the lease of an EDEK with its KMS and keeps it in memory.
 * @throws ProxyError 202, 203, 205 to 210
 */
export async function openLease(
  { leases }: OpeningContext,
  tenant: Tenant,
  edek: LeasedEdek,
  deadline: Deadline,
): Promise<HeldKey> {
  const outer = namedConfiguration(tenant, edek.kmsConfigId);
  const { kmsConfigId } = decodeWrappedKey(edek.lease.wrappedKey);
  const inner = innerConfiguration(tenant, outer, kmsConfigId, cipherOf(edek));
  return leases.open(tenant.id, edek.lease, inner, deadline.signal);
}

async function openByAsking(
  context: OpeningContext,
  tenant: Tenant,
  edek: Edek,
  deadline: Deadline,
): Promise<Buffer> {
  if (isLeased(edek)) {
    return openUnder(await openLease(context, tenant, edek, deadline), cipherOf(edek), edek);
  }
  const { data, kmsConfigId } = edek;
  const configuration = namedConfiguration(tenant, kmsConfigId);
  const payload = await context.kms.unwrap(configuration, data, deadline.signal);
  try {
    checkPayload(payload, bindingText(tenant.id, kmsConfigId, 0));
    return payload.subarray(0, KEY_BYTES);
  } catch (error) {
    payload.fill(0);
    throw error;
  }
}

function cipherOf({ data, lease }: LeasedEdek): LeaseCipher {
  const cipher = leaseCipherOf(lease.iv);
  if (cipher === undefined) throw invalidEdek("no known cipher sealed its leased key");
  if (data.length !== SEALED_KEY_BYTES) throw invalidEdek("its leased key has a wrong length");
  return cipher;
}

/**
 * Whose KMS opens the lease key. Releases of the original before 4.11.1 could name one configuration
 * outside and have used another: what is inside is right. We always write the same one.
 */
function innerConfiguration(
  tenant: Tenant,
  outer: KmsConfiguration,
  id: number,
  cipher: LeaseCipher,
): KmsConfiguration {
  if (id === outer.id) return outer;
  if (cipher.bound) throw bindingMismatch();
  return namedConfiguration(tenant, id);
}

function openUnder(key: HeldKey, cipher: LeaseCipher, { data, lease }: LeasedEdek): Buffer {
  // A bound lease never seals without its binding, so nobody may make it look as if it had.
  if (cipher.bound !== key.bound) throw bindingMismatch();
  const dek = Buffer.allocUnsafe(KEY_BYTES);
  if (!cipher.open(dek, key.bytes, data, lease.iv, key.binding)) throw bindingMismatch();
  return dek;
}
