import { MalformedMessage, ProtoReader, WIRE } from "./proto-reader.ts";

/** What Azure gave, taken out of the message that it is stored in. Bytes are base64. */
export interface AzureParts {
  readonly value: string;
  readonly keyVersion: string;
}

/** The same for CipherTrust Manager. */
export interface ThalesParts {
  readonly ciphertext: string;
  readonly iv: string;
  readonly tag: string;
  readonly mode: string;
  readonly keyVersion: number;
  readonly keyIdType: string;
}

export type KmsParts = AzureParts | ThalesParts;

/**
 * The members of a ciphertext that is stored as a message (wire-protocol 4.3); undefined for every
 * other one, which is the vendor's own as it is.
 */
export function kmsPartsOf(ciphertext: Buffer): KmsParts | undefined {
  const fields = fieldsOf(ciphertext);
  if (fields === undefined) return undefined;
  return azureParts(fields) ?? thalesParts(fields);
}

type Fields = ReadonlyMap<number, Buffer | number>;

function azureParts(fields: Fields): AzureParts | undefined {
  const [value, version] = [fields.get(1), textOf(fields.get(2))];
  const known = fields.size === 2 && /^[0-9a-zA-Z-]{1,127}$/.test(version);
  return known && value instanceof Buffer
    ? { value: base64(value), keyVersion: version }
    : undefined;
}

function thalesParts(fields: Fields): ThalesParts | undefined {
  const [ciphertext, iv, tag] = [fields.get(1), fields.get(2), fields.get(3)];
  const mode = textOf(fields.get(4));
  const bytes = ciphertext instanceof Buffer && iv instanceof Buffer && tag instanceof Buffer;
  if (!bytes || mode.toLowerCase() !== "gcm") return undefined;
  return {
    ciphertext: base64(ciphertext),
    iv: base64(iv),
    tag: base64(tag),
    mode,
    keyVersion: Number(fields.get(5) ?? 0),
    keyIdType: textOf(fields.get(6)),
  };
}

function fieldsOf(message: Buffer): Fields | undefined {
  const reader = new ProtoReader(message);
  const fields = new Map<number, Buffer | number>();
  try {
    while (reader.next()) {
      if (reader.wireType === WIRE.varint) fields.set(reader.field, reader.int32());
      else if (reader.wireType === WIRE.bytes) fields.set(reader.field, bytesOf(reader));
      else return undefined;
    }
    return fields;
  } catch (error) {
    if (error instanceof MalformedMessage) return undefined;
    throw error;
  }
}

function bytesOf(reader: ProtoReader): Buffer {
  const length = reader.enterBytes();
  const start = reader.position;
  reader.advance(length);
  return reader.bytes.subarray(start, start + length);
}

function textOf(field: Buffer | number | undefined): string {
  return field instanceof Buffer ? field.toString("latin1") : "";
}

function base64(bytes: Buffer): string {
  return bytes.toString("base64");
}
