import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeSecretFile,
  encodeSecretFile,
  folderName,
  type SecretFile,
  STATUSES,
} from "../../../src/file-source/secrets/secret-file.ts";
import type { SecretKey } from "../../../src/tenants/source.ts";

const text = fc.string({ unit: "binary", minLength: 1 });

const key: fc.Arbitrary<SecretKey> = fc.record({
  tenantId: text,
  secretType: fc.constantFrom("search", "deterministic", "vector"),
  secretPath: fc.oneof(text, fc.constantFrom("../..", "/", "__proto__", "\ud800", "a\nb")),
});

const secret: fc.Arbitrary<SecretFile> = fc
  .record({
    key,
    id: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    rotationStatus: fc.constantFrom(...STATUSES),
    encryptedSecret: fc
      .uint8Array({ minLength: 1, maxLength: 400 })
      .map((bytes) => Buffer.from(bytes)),
    kmsConfigId: fc.option(fc.integer({ min: 1, max: 2 ** 31 - 1 })),
    created: fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  })
  .map(({ key: { tenantId, secretType, secretPath }, created, ...rest }) => ({
    ...rest,
    tenantId,
    secretType,
    secretPath,
    created,
    updated: created,
  }));

describe("a stored secret", () => {
  it("comes back as it was written, whatever its tenant and path are called", () => {
    fc.assert(
      fc.property(secret, (given) => {
        const bytes = encodeSecretFile(given);
        expect(decodeSecretFile(bytes, folderName(given), given.rotationStatus)).toEqual(given);
      }),
    );
  });

  it("is one line for each member, for people", () => {
    const [given] = fc.sample(secret, 1);
    const lines = given && encodeSecretFile(given).toString().trimEnd().split("\n");
    expect(lines).toHaveLength(11);
  });

  it("does not open under the name of another status or in another folder", () => {
    fc.assert(
      fc.property(secret, key, fc.constantFrom(...STATUSES), (given, other, status) => {
        fc.pre(folderName(other) !== folderName(given) && status !== given.rotationStatus);
        const bytes = encodeSecretFile(given);
        expect(() => decodeSecretFile(bytes, folderName(other), given.rotationStatus)).toThrow(
          "it belongs to another folder",
        );
        expect(() => decodeSecretFile(bytes, folderName(given), status)).toThrow(
          "rotationStatus and name differ",
        );
      }),
    );
  });

  it("does not open when it was cut, and the error shows nothing of it", () => {
    fc.assert(
      fc.property(secret, fc.nat(), (given, at) => {
        const bytes = encodeSecretFile(given);
        // What follows the closing brace is a line break.
        const cut = bytes.subarray(0, at % (bytes.length - 1));
        expect(() => decodeSecretFile(cut, folderName(given), given.rotationStatus)).toThrow(
          /^it is not a JSON object$/,
        );
      }),
    );
  });

  it("opens as itself or not at all when a byte of it changed", () => {
    fc.assert(
      fc.property(secret, fc.nat(), fc.integer({ min: 1, max: 255 }), (given, at, change) => {
        const bytes = encodeSecretFile(given);
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ change;
        const opened = tryDecode(bytes, given);
        expect(opened?.tenantId ?? given.tenantId).toBe(given.tenantId);
        expect(opened?.secretPath ?? given.secretPath).toBe(given.secretPath);
      }),
    );
  });

  it("never fails in another way, whatever the file holds", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((json) => Buffer.from(json)),
        ),
        (bytes) => {
          const [any] = fc.sample(secret, 1);
          expect(any && tryDecode(bytes, any)).toBeUndefined();
        },
      ),
    );
  });
});

describe("the folder of a path", () => {
  it("has a name that is safe everywhere, and another one for another path", () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        expect(folderName(a)).toMatch(/^[0-9a-f]{64}$/);
        const isSame = JSON.stringify(Object.values(a)) === JSON.stringify(Object.values(b));
        expect(folderName(a) === folderName(b)).toBe(isSame);
      }),
    );
  });

  it.for([
    [
      { tenantId: "a", secretPath: "b,c" },
      { tenantId: "a,b", secretPath: "c" },
    ],
    [
      { tenantId: 'a"', secretPath: "b" },
      { tenantId: "a", secretPath: '"b' },
    ],
    [
      { tenantId: "a", secretPath: "A" },
      { tenantId: "A", secretPath: "a" },
    ],
  ] as const)("does not mix %j up with %j", ([a, b]) => {
    const type = { secretType: "search" } as const;
    expect(folderName({ ...a, ...type })).not.toBe(folderName({ ...b, ...type }));
  });
});

/** The secret, or undefined when it is refused as it should be. */
function tryDecode(bytes: Uint8Array, { rotationStatus, ...given }: SecretFile) {
  try {
    return decodeSecretFile(bytes, folderName(given), rotationStatus);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
