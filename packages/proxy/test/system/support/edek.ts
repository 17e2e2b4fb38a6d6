/** A protobuf message as its fields: varints as numbers, everything else as bytes. */
export type Fields = Map<number, number | Buffer>;

/** Reads the wire format by hand, so that the proxy's own codec is not its own judge. */
export function readFields(bytes: Buffer): Fields {
  const fields: Fields = new Map();
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes.readUInt8(at++);
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const value = varint();
    if (tag % 8 === 0) {
      fields.set(tag >> 3, value);
      continue;
    }
    fields.set(tag >> 3, bytes.subarray(at, at + value));
    at += value;
  }
  return fields;
}

function writeFields(fields: Fields): Buffer {
  const parts = [...fields].map(([number, value]) =>
    typeof value === "number"
      ? Buffer.concat([varint(number * 8), varint(value)])
      : Buffer.concat([varint(number * 8 + 2), varint(value.length), value]),
  );
  return Buffer.concat(parts);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}

/** Numbers of the fields of one `EncryptedDek`. */
export const FIELD = {
  data: 1,
  configurationId: 2,
  leaseId: 3,
  iv: 4,
  wrappedLease: 5,
  tenantId: 6,
} as const;

/** The one element of an EDEK. */
export function openEdek(edek: string): Fields {
  return readFields(bytesOf(readFields(Buffer.from(edek, "base64")), 1));
}

export function closeEdek(element: Fields): string {
  return writeFields(new Map([[1, writeFields(element)]])).toString("base64");
}

export function bytesOf(fields: Fields, number: number): Buffer {
  const value = fields.get(number);
  if (!Buffer.isBuffer(value)) throw new TypeError(`field ${number} holds no bytes`);
  return value;
}
