/** Bytes that a varint of this non-negative number takes. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

/** Size of a whole bytes field whose number is below 16. */
export function bytesFieldSize(length: number): number {
  return 1 + varintSize(length) + length;
}

/** Size of a whole `int32` field whose number is below 16 and whose value is not negative. */
export function int32FieldSize(value: number): number {
  return 1 + varintSize(value);
}

/** Writes tag and length of a bytes field; gives back where its content starts. */
export function writeBytesField(target: Buffer, at: number, field: number, length: number): number {
  target[at] = (field << 3) | 2;
  return writeVarint(target, at + 1, length);
}

/** Writes a whole `int32` field; gives back where the next one starts. */
export function writeInt32Field(target: Buffer, at: number, field: number, value: number): number {
  target[at] = field << 3;
  return writeVarint(target, at + 1, value);
}

function writeVarint(target: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value;
  while (rest > 0x7f) {
    target[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[at++] = rest;
  return at;
}
