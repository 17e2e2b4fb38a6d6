import { randomBytes } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import { describeKmsDriver } from "../src/conformance/index.ts";
import { Kms } from "../src/index.ts";
import {
  bytesField,
  decodeMessage,
  encodeMessage,
  numberField,
  textField,
} from "../src/rest/message.ts";
import { thalesKms } from "../src/thales/index.ts";
import { failureOf } from "./fakes/failure.ts";
import { hang, reply } from "./fakes/mischief.ts";
import { keyName, startThales, type ThalesChange, type ThalesWorld } from "./fakes/thales-world.ts";

const bytes = (length: number) => Buffer.alloc(length, 1);

describeKmsDriver("thales", async () => {
  const { manager, server, options } = await startThales();
  manager.createKey("elsewhere");
  return {
    drivers: async () => [
      thalesKms(options()),
      thalesKms(options({ path: { keyId: "elsewhere" } })),
    ],
    stall: () => server.misbehave("crypt", ...Array.from({ length: 4 }, () => hang)),
    peakSockets: server.mostOpen,
    dispose: server.close,
  };
});

describe("CipherTrust Manager", () => {
  it("is asked to encrypt and to decrypt in GCM, by the key's name", async () => {
    const { server, kms } = await setUp();

    await kms.unwrap(await kms.wrap(randomBytes(32)));

    const [login, wrap, unwrap] = server.requests;
    expect([login?.path, wrap?.path, unwrap?.path]).toEqual([
      "/api/v1/auth/tokens",
      "/api/v1/crypto/encrypt",
      "/api/v1/crypto/decrypt",
    ]);
    expect(JSON.parse(wrap?.body ?? "")).toEqual({
      id: keyName,
      plaintext: expect.any(String),
      mode: "gcm",
    });
    expect(JSON.parse(unwrap?.body ?? "")).toEqual({
      id: keyName,
      ciphertext: expect.any(String),
      iv: expect.any(String),
      tag: expect.any(String),
      mode: "gcm",
      version: 0,
    });
  });

  it("stores what the manager gave in the six fields of the protocol", async () => {
    const { manager, kms } = await setUp();
    let given: Record<string, unknown> = {};
    manager.distort = (answer) => (given = { ...answer });
    manager.rotate(keyName);

    const fields = decodeMessage(await kms.wrap(randomBytes(32)));

    expect([1, 2, 3].map((field) => bytesField(fields?.get(field)).toString("base64"))).toEqual([
      given["ciphertext"],
      given["iv"],
      given["tag"],
    ]);
    expect(textField(fields?.get(4))).toBe("gcm");
    expect(numberField(fields?.get(5))).toBe(1);
    expect(textField(fields?.get(6))).toBe("name");
  });

  it("wraps with the newest version and opens with the one that wrapped", async () => {
    const { manager, server, kms } = await setUp();
    const key = randomBytes(32);
    const old = await kms.wrap(key);
    manager.rotate(keyName);
    const fresh = await kms.wrap(key);

    expect([await kms.unwrap(old), await kms.unwrap(fresh)]).toEqual([key, key]);
    const versions = server.requests.slice(-2).map(({ body }) => JSON.parse(body) as object);
    expect(versions).toMatchObject([{ version: 0 }, { version: 1 }]);
  });

  it("may be asked for a key by its id", async () => {
    const { keyId, options } = await startThalesFor();
    const kms = open(options({ path: { keyId } }));
    const key = randomBytes(32);
    const wrapped = await kms.wrap(key);

    expect(await kms.unwrap(wrapped)).toEqual(key);
    expect(textField(decodeMessage(wrapped)?.get(6))).toBe("id");
  });

  it("may be asked for a key by an id of another form than the one in its answers", async () => {
    const { manager, server, options } = await startThalesFor();
    const kms = open(options({ path: { keyId: "6f5902ac-2f2e-4d1b-9c7e-0a1b2c3d4e5f" } }));
    const key = randomBytes(32);
    manager.nickname = { id: "6f5902ac-2f2e-4d1b-9c7e-0a1b2c3d4e5f", name: keyName };

    expect(await kms.unwrap(await kms.wrap(key))).toEqual(key);
    expect(JSON.parse(server.requests.at(-1)?.body ?? "")).toMatchObject({
      id: "6f5902ac-2f2e-4d1b-9c7e-0a1b2c3d4e5f",
    });
    manager.deleteKey(keyName);
    manager.createKey(keyName);
    expect((await failureOf(kms.wrap(key))).message).toContain("another key");
  });

  it("is told what kind of identifier it gets when the configuration says so", async () => {
    const { server, options } = await startThalesFor();
    const kms = open(options({ path: { keyIdType: "name" } }));

    await kms.unwrap(await kms.wrap(randomBytes(32)));

    for (const { body } of server.requests.slice(1)) {
      expect(JSON.parse(body)).toMatchObject({ id: keyName, type: "name" });
    }
  });

  it.for<[string, (answer: Record<string, unknown>) => void]>([
    ["no ciphertext", (answer) => delete answer["ciphertext"]],
    ["a ciphertext that is too long", (answer) => (answer["ciphertext"] = "A".repeat(44))],
    ["a ciphertext that is no base64", (answer) => (answer["ciphertext"] = "*")],
    ["no iv", (answer) => delete answer["iv"]],
    ["no tag", (answer) => delete answer["tag"]],
    ["a short tag", (answer) => (answer["tag"] = "AAAAAA==")],
    ["no version", (answer) => delete answer["version"]],
    ["a version below zero", (answer) => (answer["version"] = -1)],
    ["a version that is no whole number", (answer) => (answer["version"] = 0.5)],
    ["a version that is text", (answer) => (answer["version"] = "0")],
    ["a version of 64 bits", (answer) => (answer["version"] = 2 ** 40)],
    ["another mode", (answer) => (answer["mode"] = "cbc")],
    ["another key's name", (answer) => Object.assign(answer, { id: "elsewhere", type: "name" })],
  ])("gives no ciphertext that comes with %s", async ([, distort]) => {
    const { manager, kms } = await setUp();
    manager.distort = distort;

    expect(await failureOf(kms.wrap(randomBytes(32)))).toMatchObject({
      code: "KMS_RESPONSE_INVALID",
    });
  });

  it("gives no ciphertext of another key than the one asked for by id", async () => {
    const { manager, keyId, options } = await startThalesFor();
    const kms = open(options({ path: { keyId } }));
    manager.distort = (answer) => (answer["id"] = "0".repeat(64));

    const error = await failureOf(kms.wrap(randomBytes(32)));

    expect(error.code).toBe("KMS_RESPONSE_INVALID");
    expect(error.message).toContain("another key");
  });

  it("gives no ciphertext when a version of a name is suddenly another key", async () => {
    const { manager, kms } = await setUp();
    await kms.wrap(randomBytes(32));
    manager.deleteKey(keyName);
    manager.createKey(keyName);

    expect((await failureOf(kms.wrap(randomBytes(32)))).message).toContain("another key");
  });

  it("keeps on wrapping through many rotations", async () => {
    const { manager, kms } = await setUp();
    const key = randomBytes(32);
    const wrapped: Buffer[] = [];
    for (let version = 0; version < 70; version += 1) {
      wrapped.push(await kms.wrap(key));
      manager.rotate(keyName);
    }

    expect(await kms.unwrap(wrapped[0] ?? key)).toEqual(key);
    expect(await kms.unwrap(wrapped[69] ?? key)).toEqual(key);
  });

  it.for<[string, (answer: Record<string, unknown>) => void]>([
    ["no plaintext", (answer) => delete answer["plaintext"]],
    ["a plaintext that is too short", (answer) => (answer["plaintext"] = "AAAA")],
    ["a plaintext that is too long", (answer) => (answer["plaintext"] = "A".repeat(88))],
    ["a plaintext that is no base64", (answer) => (answer["plaintext"] = "A")],
    ["a plaintext that is no text", (answer) => (answer["plaintext"] = 7)],
  ])("gives no key when it comes with %s", async ([, distort]) => {
    const { manager, kms } = await setUp();
    const wrapped = await kms.wrap(randomBytes(32));
    manager.distort = distort;

    expect(await failureOf(kms.unwrap(wrapped))).toMatchObject({ code: "KMS_RESPONSE_INVALID" });
  });

  it.for<[string, Buffer]>([
    ["is no message", Buffer.from("what a waste of time\n")],
    ["has no ciphertext", encodeMessage("", bytes(12), bytes(16), "gcm", 0, "name")],
    ["has no iv", encodeMessage(bytes(32), "", bytes(16), "gcm", 0, "name")],
    ["has half a tag", encodeMessage(bytes(32), bytes(12), bytes(8), "gcm", 0, "name")],
    ["wants a mode without tag", encodeMessage(bytes(32), bytes(16), bytes(16), "cbc", 0, "name")],
    ["names no mode", encodeMessage(bytes(32), bytes(12), bytes(16), "", 0, "name")],
    ["has a version below zero", encodeMessage(bytes(32), bytes(12), bytes(16), "gcm", -1, "name")],
    ["has a strange type", encodeMessage(bytes(32), bytes(12), bytes(16), "gcm", 0, "path")],
  ])("never sees a stored form that %s", async ([, stored]) => {
    const { server, kms } = await setUp();

    expect(await failureOf(kms.unwrap(stored))).toMatchObject({ code: "KMS_CIPHERTEXT_INVALID" });
    expect(server.requests).toHaveLength(0);
  });

  it("opens stored forms that spell mode and type in capitals, or leave the type out", async () => {
    const { kms } = await setUp();
    const key = randomBytes(32);
    const fields = decodeMessage(await kms.wrap(key));
    const parts = [1, 2, 3].map((field) => bytesField(fields?.get(field)));

    expect(await kms.unwrap(encodeMessage(...parts, "GCM", 0, "NAME"))).toEqual(key);
    expect(await kms.unwrap(encodeMessage(...parts, "gcm"))).toEqual(key);
  });
});

describe("the login", () => {
  it("happens once for many calls, under both names of the member", async () => {
    const { server, user, kms } = await setUp();

    await Promise.all(Array.from({ length: 20 }, () => kms.wrap(randomBytes(32))));

    const logins = server.requests.filter(({ path }) => path.endsWith("/tokens"));
    expect(logins.map(({ body }) => JSON.parse(body) as object)).toEqual([
      {
        grant_type: "password",
        name: user.name,
        username: user.name,
        password: user.password,
        connection: "local_account",
      },
    ]);
  });

  it("reaches a key of another domain, by a user of a directory", async () => {
    const { manager, options } = await startThalesFor();
    manager.createKey("theirs", "acme");
    const user = manager.createUser({ name: "svc", domain: "staff", connection: "ldap-1" });
    const credentials = {
      username: user.name,
      password: user.password,
      authDomain: "staff",
      domain: "acme",
      connection: "ldap-1",
    };
    const kms = open(options({ path: { keyId: "theirs" }, credentials }));
    const key = randomBytes(32);

    expect(await kms.unwrap(await kms.wrap(key))).toEqual(key);
  });

  it("takes the user's domain for the key's when only that is given", async () => {
    const { manager, options } = await startThalesFor();
    manager.createKey("theirs", "acme");
    const user = manager.createUser({ name: "svc", domain: "acme" });
    const credentials = { username: user.name, password: user.password, authDomain: "acme" };
    const kms = open(options({ path: { keyId: "theirs" }, credentials }));

    expect(await kms.wrap(randomBytes(32))).toBeInstanceOf(Buffer);
  });

  it.for([404, 405, 301, 308])(
    "finds tokens behind a slash when there is nothing without (%i)",
    async (status) => {
      const { server, kms } = await setUp();
      server.misbehave("/auth/tokens", reply(status, {}));

      await kms.wrap(randomBytes(32));

      expect(server.requests.map(({ path }) => path)).toEqual([
        "/api/v1/auth/tokens",
        "/api/v1/auth/tokens/",
        "/api/v1/crypto/encrypt",
      ]);
    },
  );

  it("happens again shortly before the token ends", async () => {
    const { manager, server, kms } = await setUp();
    manager.durationSeconds = 1;
    await kms.wrap(randomBytes(32));
    manager.durationSeconds = 300;

    await expect.poll(() => kms.wrap(randomBytes(32)).then(() => logins(server))).toBe(2);
  });

  it("happens again once when the manager refuses the token", async () => {
    const { manager, server, kms } = await setUp();
    await kms.wrap(randomBytes(32));
    manager.revokeAll();

    await Promise.all(Array.from({ length: 20 }, () => kms.wrap(randomBytes(32))));

    expect(logins(server)).toBe(2);
  });

  it("does not go on for ever when the manager refuses every token", async () => {
    const { server, kms } = await setUp();
    const refusal = reply(401, { code: 5, codeDesc: "NCERRUnauthorizedAccess: no" });
    server.misbehave("/encrypt", refusal, refusal);

    expect(await failureOf(kms.wrap(randomBytes(32)))).toMatchObject({
      code: "KMS_AUTH_FAILED",
      httpStatus: 401,
    });
    expect(logins(server)).toBe(2);
  });
});

function logins({ requests }: ThalesWorld["server"]): number {
  return requests.filter(({ path }) => path.endsWith("/tokens")).length;
}

async function startThalesFor(): Promise<ThalesWorld> {
  const world = await startThales();
  onTestFinished(world.server.close);
  return world;
}

function open(options: ReturnType<ThalesWorld["options"]>): Kms {
  const kms = new Kms(thalesKms(options));
  onTestFinished(() => kms.close());
  return kms;
}

async function setUp(change?: ThalesChange) {
  const world = await startThalesFor();
  return { ...world, kms: open(world.options(change)) };
}
