import { randomBytes } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import type { KmsErrorCode } from "../src/errors.ts";
import { HttpStatusError } from "../src/http/errors.ts";
import { Kms } from "../src/index.ts";
import {
  THALES_BAD_REQUEST,
  THALES_CODES,
  thalesFault,
  thalesLoginFault,
} from "../src/thales/faults.ts";
import { thalesKms } from "../src/thales/index.ts";
import { failureOf } from "./fakes/failure.ts";
import {
  keyName,
  startThales,
  startThalesTrouble,
  type ThalesChange,
  type ThalesWorld,
} from "./fakes/thales-world.ts";
import { describeTrouble } from "./fakes/trouble.ts";

describeTrouble("thales", startThalesTrouble);

interface Row {
  readonly what: string;
  readonly change: (world: ThalesWorld) => void;
  readonly code: KmsErrorCode;
  readonly httpStatus: number;
  readonly words: string;
}

const BOTH_WAYS: readonly Row[] = [
  {
    what: "the account is locked",
    change: ({ user }) => (user.locked = true),
    code: "KMS_AUTH_FAILED",
    httpStatus: 401,
    words: "locked",
  },
  ...(["Deactivated", "Compromised", "Destroyed", "Pre-Active"] as const).map((state): Row => ({
    what: `the key is ${state}`,
    change: ({ manager }) => manager.setState(keyName, state),
    code: "KMS_KEY_UNAVAILABLE",
    httpStatus: 409,
    words: state,
  })),
  {
    what: "the key is deleted",
    change: ({ manager }) => manager.deleteKey(keyName),
    code: "KMS_CONFIG_INVALID",
    httpStatus: 404,
    words: "NCERRResourceNotFound",
  },
  {
    what: "the feature is not licensed",
    change: ({ manager }) => (manager.unlicensed = true),
    code: "KMS_ACCOUNT_ISSUE",
    httpStatus: 403,
    words: "licensed",
  },
  {
    what: "the manager limits the rate",
    change: ({ manager }) => (manager.throttled = true),
    code: "KMS_THROTTLED",
    httpStatus: 429,
    words: "NCERRTooManyRequests",
  },
];

describe("a call fails with the right code", { timeout: 20_000 }, () => {
  it.for(BOTH_WAYS)("when $what", async ({ change, code, httpStatus, words }) => {
    const { world, kms } = await setUp();
    const wrapped = await kms.wrap(randomBytes(32));
    world.manager.revokeAll();
    change(world);

    for (const call of [kms.wrap(randomBytes(32)), kms.unwrap(wrapped)]) {
      const error = await failureOf(call);
      expect(error).toMatchObject({ code, httpStatus });
      expect(error.message).toContain(words);
    }
  });

  it.for(["EncryptWithKey", "DecryptWithKey"] as const)(
    "when only %s is not permitted",
    async (permission) => {
      const { world, kms } = await setUp();
      const wrapped = await kms.wrap(randomBytes(32));
      world.user.permissions.delete(permission);
      const [wrap, unwrap] = [kms.wrap(randomBytes(32)), kms.unwrap(wrapped)];

      const [denied, granted] = permission === "EncryptWithKey" ? [wrap, unwrap] : [unwrap, wrap];
      const error = await failureOf(denied);

      expect(error).toMatchObject({ code: "KMS_CONFIG_INVALID", httpStatus: 403 });
      expect(error.message).toContain(`missing ${permission}`);
      expect(await granted).toBeInstanceOf(Buffer);
    },
  );

  it.for(["username", "password", "authDomain", "connection"])(
    "when %s is wrong",
    async (member) => {
      const { world } = await setUp();
      const kms = open(world, { credentials: { [member]: "wrong" } });

      const error = await failureOf(kms.wrap(randomBytes(32)));

      expect(error).toMatchObject({ code: "KMS_AUTH_FAILED", httpStatus: 401 });
      expect(error.message).toContain("Wrong username or password");
    },
  );

  it("when the key is in another domain", async () => {
    const { world } = await setUp();
    const kms = open(world, { credentials: { domain: "elsewhere" } });

    expect(await failureOf(kms.wrap(randomBytes(32)))).toMatchObject({
      code: "KMS_CONFIG_INVALID",
      httpStatus: 404,
    });
  });

  it("works again when the key is active again", async () => {
    const { world, kms } = await setUp();
    const wrapped = await kms.wrap(randomBytes(32));
    world.manager.setState(keyName, "Deactivated");
    await failureOf(kms.unwrap(wrapped));
    world.manager.setState(keyName, "Active");

    expect(await kms.unwrap(wrapped)).toHaveLength(32);
  });
});

describe("the table", () => {
  it.for(Object.entries(THALES_CODES))("explains %s as %s", ([name, code]) => {
    const refusal = answer(400, `${name}: some words`, "and more");

    expect(thalesFault(refusal, "unwrap", [])).toEqual({
      code,
      detail: `Code: ${name}, some words: and more`,
      httpStatus: 400,
    });
  });

  it.for(Object.entries(THALES_BAD_REQUEST))(
    "explains a bad request to %s as %s",
    ([name, code]) => {
      const refusal = answer(400, "NCERRCryptoOperationFailed: in cipher operation");

      expect(thalesFault(refusal, name as "wrap" | "unwrap", []).code).toBe(code);
    },
  );

  it.for<[string, KmsErrorCode]>([
    ["Key is not active", "KMS_KEY_UNAVAILABLE"],
    ["key is inactive", "KMS_KEY_UNAVAILABLE"],
    ["The key is disabled.", "KMS_KEY_UNAVAILABLE"],
    ["key has been revoked", "KMS_KEY_UNAVAILABLE"],
    ["key has expired", "KMS_KEY_UNAVAILABLE"],
    ["invalid key state", "KMS_KEY_UNAVAILABLE"],
    ["past its Protect Stop Date", "KMS_KEY_UNAVAILABLE"],
    ["This feature needs a license", "KMS_ACCOUNT_ISSUE"],
    ["the key usage mask does not allow it", "KMS_CONFIG_INVALID"],
    ["tag mismatch", "KMS_CIPHERTEXT_INVALID"],
  ])("reads '%s' as %s", ([text, code]) => {
    expect(thalesFault(answer(400, "NCERRSomething: x", text), "unwrap", []).code).toBe(code);
  });

  it.for<[string, KmsErrorCode]>([
    ["NCERRKeyNotActive", "KMS_KEY_UNAVAILABLE"],
    ["NCERRKeyDeactivated", "KMS_KEY_UNAVAILABLE"],
    ["NCERRInvalidKeyState", "KMS_KEY_UNAVAILABLE"],
    ["NCERRInvalidKeyUsage", "KMS_CONFIG_INVALID"],
    ["NCERRLicenseExpired", "KMS_ACCOUNT_ISSUE"],
    ["NCERRCryptoOperationFailed", "KMS_CIPHERTEXT_INVALID"],
  ])("reads the words of the code %s as %s", ([name, code]) => {
    expect(thalesFault(answer(400, `${name}: no`), "unwrap", []).code).toBe(code);
  });

  it.for<[number, KmsErrorCode]>([
    [401, "KMS_AUTH_FAILED"],
    [402, "KMS_ACCOUNT_ISSUE"],
    [403, "KMS_CONFIG_INVALID"],
    [404, "KMS_CONFIG_INVALID"],
    [409, "KMS_KEY_UNAVAILABLE"],
    [422, "KMS_CIPHERTEXT_INVALID"],
    [429, "KMS_THROTTLED"],
    [500, "KMS_UNREACHABLE"],
    [503, "KMS_UNREACHABLE"],
  ])("explains a code that nobody knows by HTTP %i as %s", ([status, code]) => {
    expect(thalesFault(answer(status, "NCERRNewerThanUs: no"), "unwrap", []).code).toBe(code);
  });

  it.for<[unknown, string]>([
    [{ code: 16, message: "no such key" }, "Code: NCERR 16, no such key"],
    [{ codeDesc: "no such key" }, "Code: NCERR, no such key"],
    [{ codeDesc: "NCERRNotFound" }, "Code: NCERRNotFound"],
  ])("says of %j: %s", ([body, detail]) => {
    expect(thalesFault(new HttpStatusError(404, body), "wrap", []).detail).toBe(detail);
  });

  it.for<[number, string, KmsErrorCode]>([
    [400, "password must be changed", "KMS_AUTH_FAILED"],
    [401, "Wrong username or password.", "KMS_AUTH_FAILED"],
    [403, "not allowed", "KMS_AUTH_FAILED"],
    [403, "no valid license", "KMS_ACCOUNT_ISSUE"],
    [429, "too many logins", "KMS_THROTTLED"],
    [500, "internal", "KMS_UNREACHABLE"],
  ])("explains a login refused with HTTP %i '%s' as %s", ([status, text, code]) => {
    expect(thalesLoginFault(answer(status, "NCERRSomething: x", text), []).code).toBe(code);
  });

  it("leaves out a text that repeats the password", () => {
    const refusal = answer(401, "NCERRUnauthorized: no", "hush-hush is wrong");

    expect(thalesLoginFault(refusal, ["hush-hush"]).detail).toBe("Code: NCERRUnauthorized");
  });
});

function answer(status: number, codeDesc: string, message?: string) {
  return new HttpStatusError(status, { code: 1, codeDesc, message });
}

function open(world: ThalesWorld, change?: ThalesChange): Kms {
  const kms = new Kms(thalesKms(world.options(change)));
  onTestFinished(() => kms.close());
  return kms;
}

async function setUp() {
  const world = await startThales();
  onTestFinished(world.server.close);
  return { world, kms: open(world) };
}
