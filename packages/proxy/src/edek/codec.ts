import { type Edek, type EdekLease, invalidEdek } from "./edek.ts";
import { MalformedMessage, ProtoReader, WIRE } from "./proto-reader.ts";
import {
  bytesFieldSize,
  int32FieldSize,
  writeBytesField,
  writeInt32Field,
} from "./proto-writer.ts";

/** Far above the largest ciphertext of any vendor, and small enough to parse in no time. */
export const MAX_EDEK_BYTES: number = 16 * 1024;

const MAX_TEXT_LENGTH = Math.ceil(MAX_EDEK_BYTES / 3) * 4;

/**
 * Reads the base64 text of the wire. Only the one text that encodes the bytes is taken: standard
 * alphabet, padding, no blanks, no stray bits.
 * @throws ProxyError 203
 */
export function decodeEdekText(text: string): Edek {
  if (text.length > MAX_TEXT_LENGTH) throw invalidEdek("it is too long");
  const bytes = Buffer.from(text, "base64");
  // Node's decoder skips what it does not know, so the way back is the check.
  if (text.length === 0 || bytes.toString("base64") !== text) {
    throw invalidEdek("it is not standard base64 with padding");
  }
  return decodeEdek(bytes);
}

/**
 * Reads a serialized `EncryptedDeks` by the rules of protobuf. The buffers of the result share the
 * memory of `bytes`.
 * @throws ProxyError 203 unless it holds exactly one element that makes sense
 */
export function decodeEdek(bytes: Buffer): Edek {
  if (bytes.length > MAX_EDEK_BYTES) throw invalidEdek("it is too long");
  try {
    return decodeElements(new ProtoReader(bytes));
  } catch (error) {
    if (error instanceof MalformedMessage) throw invalidEdek(error.message);
    throw error;
  }
}

/**
 * Reads what a leased EDEK carries in field 5: an `EncryptedDeks` again, whose element the KMS made.
 * @throws ProxyError 203
 */
export function decodeWrappedKey(bytes: Buffer): Edek {
  const wrapped = decodeEdek(bytes);
  if (wrapped.lease !== undefined) throw invalidEdek("its leased key is itself leased");
  return wrapped;
}

/** Serializes an `EncryptedDeks` with one element, fields in ascending order as the original does. */
export function encodeEdek({ data, kmsConfigId, lease }: Edek): Buffer {
  const size =
    bytesFieldSize(data.length) + int32FieldSize(kmsConfigId) + (lease ? leaseSize(lease) : 0);
  const bytes = Buffer.alloc(bytesFieldSize(size));
  let at = writeBytesField(bytes, 0, 1, size);
  at = writeBytesField(bytes, at, 1, data.length);
  at += data.copy(bytes, at);
  at = writeInt32Field(bytes, at, 2, kmsConfigId);
  if (lease !== undefined) {
    at = writeInt32Field(bytes, at, 3, lease.id);
    at = writeBytesField(bytes, at, 4, lease.iv.length);
    at += lease.iv.copy(bytes, at);
    at = writeBytesField(bytes, at, 5, lease.wrappedKey.length);
    lease.wrappedKey.copy(bytes, at);
  }
  return bytes;
}

function leaseSize({ id, iv, wrappedKey }: EdekLease): number {
  return int32FieldSize(id) + bytesFieldSize(iv.length) + bytesFieldSize(wrappedKey.length);
}

function decodeElements(reader: ProtoReader): Edek {
  let edek: Edek | undefined;
  while (reader.next()) {
    if (reader.field !== 1 || reader.wireType !== WIRE.bytes) {
      reader.skip();
      continue;
    }
    if (edek !== undefined) throw invalidEdek("it holds more than one element");
    const length = reader.enterBytes();
    edek = decodeElement(reader.bytes, reader.position, length);
    reader.advance(length);
  }
  if (edek === undefined) throw invalidEdek("it holds no element");
  return edek;
}

const EMPTY: Buffer = Buffer.alloc(0);

function decodeElement(bytes: Buffer, start: number, length: number): Edek {
  const reader = new ProtoReader(bytes, start, start + length);
  let data = EMPTY;
  let kmsConfigId = 0;
  let leaseId = 0;
  let iv = EMPTY;
  let wrappedKey = EMPTY;
  while (reader.next()) {
    const kind = reader.field * 8 + reader.wireType;
    if (kind === 0x0a) data = bytesOf(reader);
    else if (kind === 0x10) kmsConfigId = reader.int32();
    else if (kind === 0x18) leaseId = reader.int32();
    else if (kind === 0x22) iv = bytesOf(reader);
    else if (kind === 0x2a) wrappedKey = bytesOf(reader);
    else reader.skip();
  }
  if (data.length === 0) throw invalidEdek("it has no ciphertext");
  if (kmsConfigId < 1) throw invalidEdek("it names no KMS configuration");
  return { data, kmsConfigId, lease: leaseOf(leaseId, iv, wrappedKey) };
}

/** All three members of a lease or none: nobody writes anything in between. */
function leaseOf(id: number, iv: Buffer, wrappedKey: Buffer): EdekLease | undefined {
  if (id === 0 && iv.length === 0 && wrappedKey.length === 0) return undefined;
  if (id < 1 || iv.length === 0 || wrappedKey.length === 0) {
    throw invalidEdek("its leased key is incomplete");
  }
  return { id, iv, wrappedKey };
}

function bytesOf(reader: ProtoReader): Buffer {
  const length = reader.enterBytes();
  const start = reader.position;
  reader.advance(length);
  return reader.bytes.subarray(start, start + length);
}
