import { encodeEdek } from "./codec.ts";
import { SEALED_KEY_BYTES } from "./edek.ts";
import { int32FieldSize, varintSize } from "./proto-writer.ts";

export interface LeasedTemplateOptions {
  readonly kmsConfigId: number;
  readonly leaseId: number;
  /** Serialized, unleased `EncryptedDeks` around the lease key. */
  readonly wrappedKey: Buffer;
  /** Length of `leasedKeyIv` under the lease's cipher. */
  readonly ivBytes: number;
}

/**
 * The EDEK that all wraps of one lease share but for two places. Copying it and filling these in is
 * what keeps a leased wrap free of any encoding work.
 */
export class LeasedTemplate {
  /** Field 5 as every EDEK of this lease carries it. */
  readonly wrappedKey: Buffer;
  /** The whole EDEK, with zeros where each wrap writes its own. */
  readonly bytes: Buffer;
  /** Where in `bytes` the sealed DEK, the `leasedKeyIv` and field 5 begin. */
  readonly sealedAt: number;
  readonly ivAt: number;
  readonly wrappedAt: number;

  constructor({ kmsConfigId, leaseId, wrappedKey, ivBytes }: LeasedTemplateOptions) {
    const data = Buffer.alloc(SEALED_KEY_BYTES);
    const iv = Buffer.alloc(ivBytes);
    this.bytes = encodeEdek({ data, kmsConfigId, lease: { id: leaseId, iv, wrappedKey } });
    // Field 5 ends the message, field 4 stands before it.
    this.wrappedAt = this.bytes.length - wrappedKey.length;
    this.wrappedKey = this.bytes.subarray(this.wrappedAt);
    this.ivAt = this.wrappedAt - varintSize(wrappedKey.length) - 1 - ivBytes;
    const ids = int32FieldSize(kmsConfigId) + int32FieldSize(leaseId);
    this.sealedAt = this.ivAt - varintSize(ivBytes) - 1 - ids - SEALED_KEY_BYTES;
  }

  /** A serialized `EncryptedDeks` of its own memory. */
  fill(sealed: Buffer, iv: Buffer): Buffer {
    const edek = Buffer.allocUnsafe(this.bytes.length);
    this.bytes.copy(edek);
    sealed.copy(edek, this.sealedAt);
    iv.copy(edek, this.ivAt);
    return edek;
  }
}
