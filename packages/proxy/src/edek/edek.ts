import { ProxyError } from "../errors.ts";

/** What only a leased EDEK carries. */
export interface EdekLease {
  /** 1 … 2^31-1. */
  readonly id: number;
  /** `leasedKeyIv` as it is on the wire; its length and first byte name the cipher. */
  readonly iv: Buffer;
  /** `encryptedLeasedKeyData`: a serialized, unleased `EncryptedDeks` around the lease key. */
  readonly wrappedKey: Buffer;
}

/** The one element of an `EncryptedDeks`: wire-protocol section 4.1. */
export interface Edek {
  /** Ciphertext of the tenant's KMS, or of the lease key when there is a `lease`. */
  readonly data: Buffer;
  /** 1 … 2^31-1. */
  readonly kmsConfigId: number;
  readonly lease: EdekLease | undefined;
}

/** Sizes of a leased `data`: a 32-byte key and the 16-byte tag behind it. */
export const SEALED_KEY_BYTES = 48;

export const KEY_BYTES = 32;

/** The wording that published clients look for, with the reason behind it. */
export function invalidEdek(reason: string): ProxyError {
  return new ProxyError(
    "INVALID_PROVIDED_EDEK",
    `Provided EDEK didn't contain IronCore EDEKs: ${reason}`,
  );
}
