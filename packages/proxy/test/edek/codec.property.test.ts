import {
  create,
  createFileRegistry,
  type DescMessage,
  fromBinary,
  toBinary,
} from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeEdek, encodeEdek } from "../../src/edek/codec.ts";
import type { Edek } from "../../src/edek/edek.ts";
import { ProxyError } from "../../src/errors.ts";

/** What protobuf-es reads: the other implementation of the same rules. */
interface Oracle {
  readonly edeks: readonly {
    readonly encryptedDekData: Uint8Array;
    readonly kmsConfigId: number;
    readonly leasedKeyId: number;
    readonly leasedKeyIv: Uint8Array;
    readonly encryptedLeasedKeyData: Uint8Array;
  }[];
}

const EncryptedDeks = describeEncryptedDeks();

const id = fc.integer({ min: 1, max: 2 ** 31 - 1 });
const bytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength: 1, maxLength }).map((array) => Buffer.from(array));
const anyEdek: fc.Arbitrary<Edek> = fc.record({
  data: bytes(400),
  kmsConfigId: id,
  lease: fc.option(fc.record({ id, iv: bytes(30), wrappedKey: bytes(400) }), { nil: undefined }),
});

describe("any EDEK", () => {
  it("is read as it was written", () => {
    fc.assert(
      fc.property(anyEdek, (edek) => {
        expect(decodeEdek(encodeEdek(edek))).toEqual(edek);
      }),
    );
  });

  it("is written as another implementation writes it", () => {
    fc.assert(
      fc.property(anyEdek, (edek) => {
        const message = create(EncryptedDeks, { edeks: [elementOf(edek)] });
        expect(encodeEdek(edek)).toEqual(Buffer.from(toBinary(EncryptedDeks, message)));
      }),
    );
  });

  it("is read through what another implementation adds to it", () => {
    const unknown = fc.array(
      fc.record({
        no: fc.integer({ min: 7, max: 2 ** 20 }),
        wireType: fc.constantFrom(0, 1, 2, 5),
        size: fc.integer({ min: 0, max: 40 }),
      }),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(anyEdek, fc.string(), unknown, (edek, tenantId, fields) => {
        const message = create(EncryptedDeks, {
          edeks: [{ ...elementOf(edek), tenantId: Buffer.from(tenantId) }],
        });
        message.$unknown = fields.map(({ no, wireType, size }) => ({
          no,
          wireType,
          data: unknownData(wireType, size),
        }));
        expect(decodeEdek(Buffer.from(toBinary(EncryptedDeks, message)))).toEqual(edek);
      }),
    );
  });
});

describe("any bytes", () => {
  const nearlyEdek = fc
    .tuple(anyEdek, fc.nat(), fc.uint8Array({ maxLength: 3 }), fc.nat({ max: 3 }))
    .map(([edek, at, inserted, removed]) => {
      const whole = encodeEdek(edek);
      const cut = at % whole.length;
      return Buffer.concat([whole.subarray(0, cut), inserted, whole.subarray(cut + removed)]);
    });

  it("are either refused with 203 or mean the same to another implementation", () => {
    let accepted = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          nearlyEdek,
          fc.uint8Array().map((array) => Buffer.from(array)),
        ),
        (input) => {
          const edek = decodeOrRefuse(input);
          if (edek === undefined || !isWellTyped(input)) return;
          accepted += 1;
          const oracle = fromBinary(EncryptedDeks, input) as unknown as Oracle;
          expect(oracle.edeks.map(normalized)).toEqual([normalized(elementOf(edek))]);
        },
      ),
      { numRuns: 3_000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });
});

function decodeOrRefuse(input: Buffer): Edek | undefined {
  try {
    return decodeEdek(input);
  } catch (error) {
    if (error instanceof ProxyError && error.status === "INVALID_PROVIDED_EDEK") return undefined;
    throw error;
  }
}

/**
 * Whether every known field has its own wire type: the other implementation reads one of another
 * type as if it had the right one, where the rules say that it is an unknown field.
 */
function isWellTyped(input: Buffer): boolean {
  return fieldsOf(input).every(({ no, wireType, bytes: element }) => {
    if (no !== 1) return true;
    return wireType === WireType.LengthDelimited && fieldsOf(element).every(isOfItsType);
  });
}

function isOfItsType({ no, wireType }: WireField): boolean {
  if (no === 2 || no === 3) return wireType === WireType.Varint;
  return no > 6 || wireType === WireType.LengthDelimited;
}

interface WireField {
  readonly no: number;
  readonly wireType: WireType;
  readonly bytes: Uint8Array;
}

function fieldsOf(message: Uint8Array): WireField[] {
  const reader = new BinaryReader(message);
  const fields: WireField[] = [];
  while (reader.pos < reader.len) {
    const [no, wireType] = reader.tag();
    if (wireType === WireType.LengthDelimited) {
      fields.push({ no, wireType, bytes: reader.bytes() });
    } else {
      reader.skip(wireType, no);
      fields.push({ no, wireType, bytes: new Uint8Array() });
    }
  }
  return fields;
}

function elementOf({ data, kmsConfigId, lease }: Edek): Oracle["edeks"][number] {
  return {
    encryptedDekData: data,
    kmsConfigId,
    leasedKeyId: lease?.id ?? 0,
    leasedKeyIv: lease?.iv ?? new Uint8Array(),
    encryptedLeasedKeyData: lease?.wrappedKey ?? new Uint8Array(),
  };
}

function normalized(element: Oracle["edeks"][number]): Record<string, unknown> {
  return {
    data: Buffer.from(element.encryptedDekData),
    kmsConfigId: element.kmsConfigId,
    leasedKeyId: element.leasedKeyId,
    leasedKeyIv: Buffer.from(element.leasedKeyIv),
    wrappedKey: Buffer.from(element.encryptedLeasedKeyData),
  };
}

function unknownData(wireType: number, size: number): Uint8Array {
  if (wireType === 0) return Uint8Array.of(size);
  if (wireType === 1) return new Uint8Array(8).fill(size);
  if (wireType === 5) return new Uint8Array(4).fill(size);
  return Uint8Array.of(size, ...new Uint8Array(size).fill(0xff));
}

/** The schema of wire-protocol 4.1, built here so that nothing of ours is shared with the oracle. */
function describeEncryptedDeks(): DescMessage {
  const file = create(FileDescriptorProtoSchema, {
    name: "edek.proto",
    syntax: "proto3",
    messageType: [
      {
        name: "EncryptedDek",
        field: [
          field("encrypted_dek_data", 1, Type.BYTES),
          field("kms_config_id", 2, Type.INT32),
          field("leased_key_id", 3, Type.INT32),
          field("leased_key_iv", 4, Type.BYTES),
          field("encrypted_leased_key_data", 5, Type.BYTES),
          // On the wire a string is bytes; as bytes it may hold what is no UTF-8, which we ignore.
          field("tenant_id", 6, Type.BYTES),
        ],
      },
      {
        name: "EncryptedDeks",
        field: [
          {
            name: "edeks",
            number: 1,
            type: Type.MESSAGE,
            label: Label.REPEATED,
            typeName: ".EncryptedDek",
          },
        ],
      },
    ],
  });
  const message = createFileRegistry(file, () => undefined).getMessage("EncryptedDeks");
  if (message === undefined) throw new Error("the schema has no EncryptedDeks");
  return message;
}

function field(name: string, number: number, type: Type) {
  return { name, number, type, label: Label.OPTIONAL };
}
