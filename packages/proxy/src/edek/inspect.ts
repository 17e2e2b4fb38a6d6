import { decodeEdekText, decodeWrappedKey } from "./codec.ts";
import type { Edek, EdekLease } from "./edek.ts";
import { SEALED_KEY_BYTES } from "./edek.ts";
import { type KmsParts, kmsPartsOf } from "./kms-parts.ts";
import { leaseCipherOf } from "./lease-ciphers.ts";

export interface LeaseInspection {
  readonly id: number;
  /** `unknown` when no cipher of ours or of the original writes such a `leasedKeyIv`. */
  readonly cipher: string;
  /** Whether tenant, configuration and lease are authenticated with the key. */
  readonly bound: boolean;
  /** What field 5 names: the configuration whose KMS opens the lease key. */
  readonly kmsConfigId: number | undefined;
  readonly ciphertextBytes: number | undefined;
  /** `leasedKeyIv` and what was sealed with it, base64: for whoever has the lease key. */
  readonly iv: string;
  readonly sealedKey: string;
}

/** What an EDEK says without any key. */
export interface EdekInspection {
  readonly kmsConfigId: number;
  /** Of field 1: the KMS's own ciphertext, or the key sealed under the lease key. */
  readonly ciphertextBytes: number;
  /** Undefined when the KMS wrapped the key itself. */
  readonly lease: LeaseInspection | undefined;
  /** What the tenant's KMS made, base64: of the key itself, or of the lease key. */
  readonly kmsCiphertext: string | undefined;
  /** Its members, where it is stored as a message. */
  readonly kmsParts: KmsParts | undefined;
  /** Why this EDEK cannot be unwrapped as it is, or should be rekeyed; usually empty. */
  readonly problems: readonly string[];
}

/**
 * Explains the base64 text of an EDEK to a person.
 * @throws ProxyError 203 when it is none
 */
export function inspectEdek(text: string): EdekInspection {
  const { kmsConfigId, data, lease } = decodeEdekText(text.trim());
  const problems: string[] = [];
  const wrapped = lease && wrappedKeyOf(lease.wrappedKey, problems);
  const fromKms = lease === undefined ? data : wrapped?.data;
  return {
    kmsConfigId,
    ciphertextBytes: data.length,
    lease: lease && inspectLease(lease, wrapped, { kmsConfigId, data }, problems),
    kmsCiphertext: fromKms?.toString("base64"),
    kmsParts: fromKms && kmsPartsOf(fromKms),
    problems,
  };
}

function inspectLease(
  { id, iv }: EdekLease,
  wrapped: Edek | undefined,
  { kmsConfigId, data }: Pick<Edek, "kmsConfigId" | "data">,
  problems: string[],
): LeaseInspection {
  const cipher = leaseCipherOf(iv);
  if (cipher === undefined) {
    problems.push(`no known cipher has a leasedKeyIv of ${iv.length} bytes`);
  }
  if (data.length !== SEALED_KEY_BYTES) {
    problems.push(`a leased key has ${SEALED_KEY_BYTES} bytes of ciphertext, not ${data.length}`);
  }
  if (wrapped !== undefined && wrapped.kmsConfigId !== kmsConfigId) {
    problems.push(
      `it names configuration ${kmsConfigId}, its leased key ${wrapped.kmsConfigId}: rekey it`,
    );
  }
  return {
    id,
    cipher: cipher?.name ?? "unknown",
    bound: cipher?.bound ?? false,
    kmsConfigId: wrapped?.kmsConfigId,
    ciphertextBytes: wrapped?.data.length,
    iv: iv.toString("base64"),
    sealedKey: data.toString("base64"),
  };
}

function wrappedKeyOf(bytes: Buffer, problems: string[]): Edek | undefined {
  try {
    return decodeWrappedKey(bytes);
  } catch {
    problems.push("field 5 holds no wrapped key");
    return undefined;
  }
}
