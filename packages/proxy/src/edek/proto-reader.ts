/** Bytes that no protobuf parser would take. */
export class MalformedMessage extends Error {
  static {
    this.prototype.name = "MalformedMessage";
  }
}

/** Wire types of the protobuf encoding; 6 and 7 do not exist. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 };

/** Groups nest as far as other parsers follow them, so that a short input cannot cost a long walk. */
const MAX_GROUP_DEPTH = 100;

const MAX_VARINT_BYTES = 10;

/** Walks the fields of one protobuf message without copying. Throws {@link MalformedMessage}. */
export class ProtoReader {
  readonly bytes: Buffer;
  /** Of the field whose tag was read last. */
  field = 0;
  wireType = 0;
  #at: number;
  readonly #end: number;
  /** What the varint read last had above its low 32 bits. */
  #high = 0;

  constructor(bytes: Buffer, start = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** Moves to the next field; false at the end of the message. */
  next(): boolean {
    if (this.#at === this.#end) return false;
    const tag = this.#uint32();
    this.field = tag >>> 3;
    this.wireType = tag & 7;
    if (this.field === 0) throw new MalformedMessage("a field has the number 0");
    return true;
  }

  /**
   * A scalar `int32` that is not negative. Other parsers drop what does not fit; here that would let
   * a changed bit pass unnoticed, and nobody writes it.
   */
  int32(): number {
    const low = this.#varint();
    if (this.#high !== 0 || low < 0) throw new MalformedMessage("an id does not fit 31 bits");
    return low;
  }

  /** Length of the bytes field just entered; `position` is then its first byte. */
  enterBytes(): number {
    const length = this.#uint32();
    if (length > this.#end - this.#at) {
      throw new MalformedMessage("a length points past the end");
    }
    return length;
  }

  get position(): number {
    return this.#at;
  }

  advance(length: number): void {
    if (length > this.#end - this.#at) throw new MalformedMessage("it ends inside a field");
    this.#at += length;
  }

  /** Passes over the field whose tag was just read, a whole group included. */
  skip(): void {
    if (this.wireType !== WIRE.startGroup) return this.#skipValue();
    const open = [this.field];
    while (open.length > 0) {
      if (!this.next()) throw new MalformedMessage("it ends inside a group");
      if (this.wireType === WIRE.startGroup) {
        if (open.length === MAX_GROUP_DEPTH) throw new MalformedMessage("groups nest too deep");
        open.push(this.field);
      } else if (this.wireType === WIRE.endGroup) {
        if (open.pop() !== this.field) throw new MalformedMessage("a group ends with another tag");
      } else {
        this.#skipValue();
      }
    }
  }

  #skipValue(): void {
    switch (this.wireType) {
      case WIRE.varint:
        this.#varint();
        return;
      case WIRE.fixed64:
        return this.advance(8);
      case WIRE.bytes:
        return this.advance(this.enterBytes());
      case WIRE.fixed32:
        return this.advance(4);
      default:
        throw new MalformedMessage("a field has an unknown wire type");
    }
  }

  #uint32(): number {
    const low = this.#varint();
    if (this.#high !== 0) throw new MalformedMessage("a tag or length does not fit 32 bits");
    return low >>> 0;
  }

  #varint(): number {
    this.#high = 0;
    let low = 0;
    for (let index = 0; index < MAX_VARINT_BYTES; index += 1) {
      if (this.#at === this.#end) throw new MalformedMessage("it ends inside a number");
      const byte = this.bytes[this.#at++]!;
      const bits = byte & 0x7f;
      if (index < 4) low |= bits << (7 * index);
      else if (index === 4) {
        low |= bits << 28;
        this.#high = bits >>> 4;
      } else this.#high |= bits;
      if (byte < 0x80) return low;
    }
    throw new MalformedMessage("a number has more than ten bytes");
  }
}
