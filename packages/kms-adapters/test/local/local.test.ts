import { createDecipheriv, randomBytes } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { failure } from "../../src/conformance/probes.ts";
import { Kms, KmsError } from "../../src/index.ts";
import { localKms, localKmsFromRecords, parseLocalKey } from "../../src/local/index.ts";

const [OLD, NEW] = [randomBytes(32), randomBytes(32)];
const DEK = randomBytes(32);

describe("a ciphertext", () => {
  it("is magic, key version, IV, ciphertext and tag, and any AES-256-GCM opens it", async () => {
    const wrapped = await kms([{ version: 7, key: NEW }]).wrap(DEK);

    expect(wrapped).toHaveLength(3 + 4 + 12 + 32 + 16);
    expect(wrapped.subarray(0, 7).toString("hex")).toBe("4c4b0100000007");
    const iv = wrapped.subarray(7, 19);
    const decipher = createDecipheriv("aes-256-gcm", NEW, iv, { authTagLength: 16 });
    decipher.setAAD(Buffer.concat([wrapped.subarray(0, 7), Buffer.from("demo")]));
    decipher.setAuthTag(wrapped.subarray(-16));
    const opened = Buffer.concat([decipher.update(wrapped.subarray(19, -16)), decipher.final()]);
    expect(opened.equals(DEK)).toBe(true);
  });

  it("does not look like a document header to clients that guess (wire-protocol 4.2)", async () => {
    const [first, second] = await kms([{ version: 1, key: NEW }]).wrap(DEK);

    expect(first).toBe(0x4c);
    expect(second).not.toBe(0);
  });

  it("never repeats an IV", async () => {
    const one = kms([{ version: 1, key: NEW }]);
    const wraps = await Promise.all(Array.from({ length: 2_000 }, () => one.wrap(DEK)));

    expect(new Set(wraps.map((wrapped) => wrapped.toString("hex", 7, 19))).size).toBe(2_000);
  });

  it("opens no more once a single bit is changed", async () => {
    const one = kms([{ version: 1, key: NEW }]);
    const wrapped = await one.wrap(DEK);

    for (let bit = 0; bit < wrapped.byteLength * 8; bit += 1) {
      const bad = Buffer.from(wrapped);
      bad.writeUInt8(bad.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(await failure(one.unwrap(bad))).toBe("KMS_CIPHERTEXT_INVALID");
    }
  });

  it("opens no more once it is shorter or longer", async () => {
    const one = kms([{ version: 1, key: NEW }]);
    const wrapped = await one.wrap(DEK);

    for (let length = 1; length < wrapped.byteLength; length += 1) {
      expect(await failure(one.unwrap(wrapped.subarray(0, length)))).toBe("KMS_CIPHERTEXT_INVALID");
    }
    const longer = Buffer.concat([wrapped, Buffer.from([0])]);
    expect(await failure(one.unwrap(longer))).toBe("KMS_CIPHERTEXT_INVALID");
  });

  it("is never opened by mistake from random bytes", async () => {
    const one = kms([{ version: 1, key: NEW }]);

    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
        expect(await failure(one.unwrap(bytes))).toBe("KMS_CIPHERTEXT_INVALID");
      }),
    );
  });

  it("is bound to the key's name", async () => {
    const wrapped = await kms([{ version: 1, key: NEW }]).wrap(DEK);
    const renamed = new Kms(localKms({ keyName: "other", keys: [{ version: 1, key: NEW }] }));

    expect(await failure(renamed.unwrap(wrapped))).toBe("KMS_CIPHERTEXT_INVALID");
  });
});

describe("several key versions", () => {
  it("wrap with the newest, whatever their order, and unwrap with all", async () => {
    const before = await kms([{ version: 1, key: OLD }]).wrap(DEK);
    const both = kms([
      { version: 2, key: NEW },
      { version: 1, key: OLD },
    ]);

    const after = await both.wrap(DEK);

    expect(after.readUInt32BE(3)).toBe(2);
    expect((await both.unwrap(before)).equals(DEK)).toBe(true);
    expect((await both.unwrap(after)).equals(DEK)).toBe(true);
  });

  it("refuse the ciphertext of a version that is not among them", async () => {
    const wrapped = await kms([{ version: 1, key: OLD }]).wrap(DEK);

    await expect(kms([{ version: 2, key: OLD }]).unwrap(wrapped)).rejects.toMatchObject({
      code: "KMS_CIPHERTEXT_INVALID",
      message: expect.stringContaining("Code: UNKNOWN_VERSION"),
    });
  });

  it("may have the largest version there is", async () => {
    const one = kms([{ version: 0xffff_ffff, key: OLD }]);

    expect((await one.unwrap(await one.wrap(DEK))).equals(DEK)).toBe(true);
  });
});

describe("a disabled key", () => {
  it("refuses everything, even what is no ciphertext", async () => {
    const wrapped = await kms([{ version: 1, key: NEW }]).wrap(DEK);
    const disabled = new Kms(
      localKms({ keyName: "demo", keys: [{ version: 1, key: NEW }], disabled: true }),
    );

    expect(await failure(disabled.wrap(DEK))).toBe("KMS_KEY_UNAVAILABLE");
    expect(await failure(disabled.unwrap(wrapped))).toBe("KMS_KEY_UNAVAILABLE");
    expect(await failure(disabled.unwrap(Buffer.from("x")))).toBe("KMS_KEY_UNAVAILABLE");
  });
});

describe("closing", () => {
  it("ends the driver, which kept copies and left the caller's keys alone", async () => {
    const key = Buffer.from(NEW);
    const driver = localKms({ keyName: "demo", keys: [{ version: 1, key }] });
    key.fill(9);
    const wrapped = await new Kms(driver).wrap(DEK);
    expect((await kms([{ version: 1, key: NEW }]).unwrap(wrapped)).equals(DEK)).toBe(true);

    await driver.close?.();

    expect(await failure(new Kms(driver).wrap(DEK))).toBe("KMS_CLOSED");
    expect(key.every((byte) => byte === 9)).toBe(true);
  });
});

describe("options", () => {
  it.for([
    ["no name", { keyName: "" }, "keyName must not be empty"],
    ["no key", { keys: [] }, "keys must hold at least one key"],
    ["version 0", { keys: [{ version: 0, key: NEW }] }, "keys[0].version must be a whole number"],
    ["half a version", { keys: [{ version: 1.5, key: NEW }] }, "keys[0].version"],
    ["version 2^32", { keys: [{ version: 2 ** 32, key: NEW }] }, "keys[0].version"],
    ["31 bytes", { keys: [{ version: 1, key: NEW.subarray(1) }] }, "keys[0].key must have 32"],
    [
      "a version twice",
      {
        keys: [
          { version: 1, key: NEW },
          { version: 1, key: OLD },
        ],
      },
      "keys[1].version is there twice",
    ],
  ] as const)("are refused with %s", ([, change, message]) => {
    const options = { keyName: "demo", keys: [{ version: 1, key: NEW }], ...change };

    expect(() => localKms(options)).toThrow(message);
    expect(() => localKms(options)).toThrow(KmsError);
  });
});

describe("records of a configuration", () => {
  const key = NEW.toString("base64");
  const keyPath = { keyName: "demo" };

  it("make a driver", async () => {
    const wrapped = await kms([{ version: 3, key: NEW }]).wrap(DEK);
    const credentials = { keys: [{ version: 3, key: `${key}\n`, note: "ignored" }], other: 1 };

    const read = new Kms(localKmsFromRecords({ keyPath, credentials }));

    expect((await read.unwrap(wrapped)).equals(DEK)).toBe(true);
  });

  it("may say that the key is disabled", async () => {
    const credentials = { keys: [{ version: 1, key }], disabled: true };

    const read = new Kms(localKmsFromRecords({ keyPath, credentials }));

    expect(await failure(read.wrap(DEK))).toBe("KMS_KEY_UNAVAILABLE");
  });

  it.for([
    ["no key path", undefined, { keys: [{ version: 1, key }] }, "keyPath must be an object"],
    ["no name", {}, { keys: [{ version: 1, key }] }, "keyPath.keyName must be a text"],
    ["no credentials", keyPath, null, "credentials must be an object"],
    ["no keys", keyPath, {}, "credentials.keys must be a list"],
    ["an empty list", keyPath, { keys: [] }, "keys must hold at least one key"],
    ["a list of texts", keyPath, { keys: [key] }, "credentials.keys[0] must be an object"],
    ["a text as version", keyPath, { keys: [{ version: "1", key }] }, "keys[0].version must be"],
    ["no key text", keyPath, { keys: [{ version: 1 }] }, "credentials.keys[0].key must be base64"],
    [
      "no base64",
      keyPath,
      { keys: [{ version: 1, key: `${key}!` }] },
      "keys[0].key must be base64",
    ],
    ["a short key", keyPath, { keys: [{ version: 1, key: "QUJD" }] }, "keys[0].key must be base64"],
    ["a word as flag", keyPath, { keys: [], disabled: "no" }, "credentials.disabled must be true"],
    [
      "1 001 keys",
      keyPath,
      { keys: Array.from({ length: 1_001 }, () => ({})) },
      "must hold at most 1000",
    ],
  ] as const)("are refused with %s, naming the member", ([, path, credentials, message]) => {
    const make = () => localKmsFromRecords({ keyPath: path, credentials });

    expect(make).toThrow(message);
    expect(make).toThrow(expect.objectContaining({ code: "KMS_CONFIG_INVALID" }));
    expect(make).not.toThrow(key.slice(0, 20));
  });
});

describe("a key as text", () => {
  it.for(["", "\n", "\r\n"])("is read with %j at its end", (end) => {
    expect(parseLocalKey(NEW.toString("base64") + end).equals(NEW)).toBe(true);
  });

  it.for([
    ["base64url", Buffer.alloc(32, 0xff).toString("base64url")],
    ["hex", NEW.toString("hex")],
    ["two line breaks", `${NEW.toString("base64")}\n\n`],
    ["a blank", ` ${NEW.toString("base64")}`],
    ["16 bytes", NEW.toString("base64", 0, 16)],
    ["33 bytes", Buffer.alloc(33).toString("base64")],
    ["nothing", ""],
  ] as const)("is refused as %s, without showing it", ([, text]) => {
    expect(() => parseLocalKey(text)).toThrow(
      "local configuration refused: a key must be base64 of 32 bytes",
    );
  });
});

function kms(keys: { version: number; key: Uint8Array }[]): Kms {
  return new Kms(localKms({ keyName: "demo", keys }));
}
