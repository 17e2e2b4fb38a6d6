/**
 * Protocol Buffers wire format of one flat message: what the ciphertexts of Azure and Thales are
 * stored in (wire-protocol 4.3). Text is checked to be UTF-8, groups are refused.
 */
export type Field = Buffer | number;

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
const MAX_VARINT_BYTES = 10;

/** Writes fields 1, 2, … in order; zero and empty ones are left out, as proto3 wants it. */
export function encodeMessage(...fields: readonly (Uint8Array | string | number)[]): Buffer {
  const parts = fields.map((field) => (typeof field === "string" ? Buffer.from(field) : field));
  const room = parts.reduce<number>((sum, part) => sum + roomFor(part), 0);
  const message = Buffer.allocUnsafe(room);
  let end = 0;
  for (const [index, part] of parts.entries()) {
    const tag = (index + 1) << 3;
    if (typeof part === "number") {
      if (part !== 0) end = writeVarint(message, part, writeVarint(message, tag, end));
    } else if (part.byteLength > 0) {
      end = writeVarint(message, part.byteLength, writeVarint(message, tag | BYTES, end));
      message.set(part, end);
      end += part.byteLength;
    }
  }
  return message.subarray(0, end);
}

/**
 * Reads a message: field number → last value. Undefined when the bytes are no message.
 * Varints are cut to 32 bits with sign, as int32 wants it; fixed-size fields are skipped.
 */
export function decodeMessage(message: Uint8Array): ReadonlyMap<number, Field> | undefined {
  const reader = new Reader(message);
  const fields = new Map<number, Field>();
  while (!reader.done) {
    const tag = reader.varint();
    if (tag === undefined || tag < 0n || tag > 0xffff_ffffn || tag >> 3n === 0n) return undefined;
    const field = reader.field(Number(tag & 7n));
    if (field === undefined) return undefined;
    if (field !== "skipped") fields.set(Number(tag >> 3n), field);
  }
  return fields;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text of a field: empty when the field is absent or of another kind, undefined when no UTF-8. */
export function textField(field: Field | undefined): string | undefined {
  if (!(field instanceof Buffer)) return "";
  try {
    return utf8.decode(field);
  } catch {
    return undefined;
  }
}

/** Bytes of a field: empty when it is absent or of another kind. */
export function bytesField(field: Field | undefined): Buffer {
  return field instanceof Buffer ? field : Buffer.alloc(0);
}

export function numberField(field: Field | undefined): number {
  return typeof field === "number" ? field : 0;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor({ buffer, byteOffset, byteLength }: Uint8Array) {
    this.#bytes = Buffer.from(buffer, byteOffset, byteLength);
  }

  get done(): boolean {
    return this.#at === this.#bytes.byteLength;
  }

  varint(): bigint | undefined {
    let value = 0n;
    for (let index = 0; index < MAX_VARINT_BYTES; index += 1) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) return undefined;
      this.#at += 1;
      value |= BigInt(byte & 0x7f) << BigInt(7 * index);
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    return undefined;
  }

  field(wireType: number): Field | "skipped" | undefined {
    if (wireType === VARINT) {
      const value = this.varint();
      return value === undefined ? undefined : Number(BigInt.asIntN(32, value));
    }
    if (wireType === FIXED64) return this.#take(8) && "skipped";
    if (wireType === FIXED32) return this.#take(4) && "skipped";
    if (wireType !== BYTES) return undefined;
    const length = this.varint();
    return length === undefined ? undefined : this.#take(Number(length));
  }

  #take(length: number): Buffer | undefined {
    if (length > this.#bytes.byteLength - this.#at) return undefined;
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

function roomFor(part: Uint8Array | number): number {
  return 2 * MAX_VARINT_BYTES + (typeof part === "number" ? 0 : part.byteLength);
}

/** Gives where it ends. */
function writeVarint(message: Buffer, value: number, start: number): number {
  if (value < 0) return writeNegative(message, value, start);
  let [end, rest] = [start, value];
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) {
    end = message.writeUInt8((rest % 128) | 0x80, end);
  }
  return message.writeUInt8(rest, end);
}

/** A negative int32 is written as 64 bits, sign extended. */
function writeNegative(message: Buffer, value: number, start: number): number {
  let [end, rest] = [start, BigInt.asUintN(64, BigInt(value))];
  for (; rest > 0x7fn; rest >>= 7n) end = message.writeUInt8(Number(rest & 0x7fn) | 0x80, end);
  return message.writeUInt8(Number(rest), end);
}
