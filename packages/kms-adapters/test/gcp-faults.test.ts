import { randomBytes } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import type { KmsErrorCode } from "../src/errors.ts";
import {
  GCP_REASONS,
  GCP_STATUSES,
  GCP_TOKEN_ERRORS,
  gcpFault,
  gcpTokenFault,
} from "../src/gcp/faults.ts";
import { gcpKms } from "../src/gcp/index.ts";
import { HttpStatusError } from "../src/http/errors.ts";
import { Kms } from "../src/index.ts";
import { failureOf } from "./fakes/failure.ts";
import { type GcpWorld, keyName, keyPath, startGcp, startGcpTrouble } from "./fakes/gcp-world.ts";
import { describeTrouble } from "./fakes/trouble.ts";

describeTrouble("gcp", startGcpTrouble);

type Row = readonly [
  what: string,
  change: (world: GcpWorld) => void,
  code: KmsErrorCode,
  httpStatus: number,
  words: string,
];

const BOTH_WAYS: readonly Row[] = [
  [
    "the account is gone",
    ({ account }) => void (account.disabled = true),
    "KMS_AUTH_FAILED",
    400,
    "invalid_grant",
  ],
  [
    "billing is off",
    ({ google }) => void (google.trouble = "BILLING_DISABLED"),
    "KMS_ACCOUNT_ISSUE",
    403,
    "BILLING_DISABLED",
  ],
  [
    "the API is off",
    ({ google }) => void (google.trouble = "SERVICE_DISABLED"),
    "KMS_ACCOUNT_ISSUE",
    403,
    "SERVICE_DISABLED",
  ],
  [
    "the quota is used up",
    ({ google }) => void (google.trouble = "RATE_LIMIT_EXCEEDED"),
    "KMS_THROTTLED",
    429,
    "RESOURCE_EXHAUSTED",
  ],
  [
    "the version is disabled",
    ({ google }) => google.setState(keyName, 1, "DISABLED"),
    "KMS_KEY_UNAVAILABLE",
    400,
    "KEY_DISABLED",
  ],
  [
    "the version is to be destroyed",
    ({ google }) => google.setState(keyName, 1, "DESTROY_SCHEDULED"),
    "KMS_KEY_UNAVAILABLE",
    400,
    "KEY_DESTROY_SCHEDULED",
  ],
  [
    "the version is destroyed",
    ({ google }) => google.setState(keyName, 1, "DESTROYED"),
    "KMS_KEY_UNAVAILABLE",
    400,
    "KEY_DESTROYED",
  ],
];

describe("a call fails with the right code", { timeout: 20_000 }, () => {
  it.for(BOTH_WAYS)("when %s", async ([, change, code, httpStatus, words]) => {
    const { world, kms } = await setUp();
    const wrapped = await kms.wrap(randomBytes(32));
    world.google.tokens.revokeAll();
    change(world);

    for (const call of [kms.wrap(randomBytes(32)), kms.unwrap(wrapped)]) {
      const error = await failureOf(call);
      expect(error).toMatchObject({ code, httpStatus });
      expect(error.message).toContain(words);
    }
  });

  it.for(["encrypt", "decrypt"] as const)("when only %s is not permitted", async (permission) => {
    const { world, kms } = await setUp();
    const wrapped = await kms.wrap(randomBytes(32));
    world.account.permissions.delete(permission);
    const wrap = kms.wrap(randomBytes(32));
    const unwrap = kms.unwrap(wrapped);

    const [denied, granted] = permission === "encrypt" ? [wrap, unwrap] : [unwrap, wrap];
    const error = await failureOf(denied);

    expect(error).toMatchObject({ code: "KMS_CONFIG_INVALID", httpStatus: 403 });
    expect(error.message).toContain("IAM_PERMISSION_DENIED");
    expect(await granted).toBeInstanceOf(Buffer);
  });

  it.for(["locationId", "keyRingId", "cryptoKeyId", "projectId"])(
    "when %s names nothing",
    async (member) => {
      const { kms } = await setUp({ ...keyPath, [member]: "nowhere" });

      expect(await failureOf(kms.wrap(randomBytes(32)))).toMatchObject({
        code: "KMS_CONFIG_INVALID",
        httpStatus: 404,
      });
    },
  );

  it("when the private key is another account's", async () => {
    const { world, kms } = await setUp();
    const stranger = world.google.tokens.createAccount("stranger@example.com");
    const credentials = {
      client_email: world.account.email,
      private_key: stranger.privateKey,
    };
    const confused = open(world, { credentials });

    const error = await failureOf(confused.wrap(randomBytes(32)));

    expect(error).toMatchObject({ code: "KMS_AUTH_FAILED", httpStatus: 400 });
    expect(error.message).toContain("Invalid JWT Signature");
    expect(await kms.wrap(randomBytes(32))).toBeInstanceOf(Buffer);
  });

  it("works again when the version is enabled again", async () => {
    const { world, kms } = await setUp();
    const wrapped = await kms.wrap(randomBytes(32));
    world.google.setState(keyName, 1, "DISABLED");
    await failureOf(kms.unwrap(wrapped));
    world.google.setState(keyName, 1, "ENABLED");

    expect(await kms.unwrap(wrapped)).toHaveLength(32);
  });
});

describe("the table", () => {
  it.for(Object.entries(GCP_REASONS))("explains reason %s as %s", ([reason, code]) => {
    const error = answer(403, "PERMISSION_DENIED", "no", [{ reason }]);

    expect(gcpFault(error, "wrap", [])).toEqual({
      code,
      detail: `Code: PERMISSION_DENIED ${reason}, no`,
      httpStatus: 403,
    });
  });

  it.for(Object.entries(GCP_STATUSES))("explains status %s as %s", ([status, code]) => {
    expect(gcpFault(answer(400, status, "no"), "unwrap", []).code).toBe(code);
  });

  it.for(Object.entries(GCP_TOKEN_ERRORS))("explains token error %s as %s", ([error, code]) => {
    const refusal = new HttpStatusError(400, { error, error_description: "no" });

    expect(gcpTokenFault(refusal, [])).toEqual({
      code,
      detail: `Code: ${error}, no`,
      httpStatus: 400,
    });
  });

  it.for<[string, "wrap" | "unwrap", KmsErrorCode]>([
    ["Decryption failed: the ciphertext is invalid.", "unwrap", "KMS_CIPHERTEXT_INVALID"],
    ["The checksum in field ciphertext_crc32c did not match", "unwrap", "KMS_UNREACHABLE"],
    [
      "The request concerns location 'x' but was sent to location 'y'",
      "unwrap",
      "KMS_CONFIG_INVALID",
    ],
    ["CryptoKey has the wrong purpose", "unwrap", "KMS_CONFIG_INVALID"],
    ["anything else", "wrap", "KMS_CONFIG_INVALID"],
    ["", "unwrap", "KMS_CIPHERTEXT_INVALID"],
  ])("explains the invalid argument '%s' of %s as %s", ([message, operation, code]) => {
    expect(gcpFault(answer(400, "INVALID_ARGUMENT", message), operation, []).code).toBe(code);
  });

  it.for<[number, unknown, KmsErrorCode]>([
    [
      403,
      { error: { message: "This API method requires billing to be enabled" } },
      "KMS_ACCOUNT_ISSUE",
    ],
    [
      403,
      { error: { message: "Cloud KMS API has not been used in project 1" } },
      "KMS_ACCOUNT_ISSUE",
    ],
    [403, { error: { message: "no" } }, "KMS_CONFIG_INVALID"],
    [404, { error: { message: "no" } }, "KMS_CONFIG_INVALID"],
    [401, { error: { message: "no" } }, "KMS_AUTH_FAILED"],
    [400, { error: "no object" }, "KMS_RESPONSE_INVALID"],
    [418, { error: { status: "NEWER_THAN_US" } }, "KMS_UNKNOWN"],
    [500, { error: { status: "UNKNOWN" } }, "KMS_UNREACHABLE"],
    [418, { error: { status: "constructor" } }, "KMS_UNKNOWN"],
    [418, { error: { status: "X", details: [{ reason: "toString" }] } }, "KMS_UNKNOWN"],
    [402, undefined, "KMS_ACCOUNT_ISSUE"],
    [408, undefined, "KMS_TIMEOUT"],
  ])("explains HTTP %i with %j as %s", ([status, body, code]) => {
    expect(gcpFault(new HttpStatusError(status, body), "unwrap", [])).toMatchObject({
      code,
      httpStatus: status,
    });
  });

  it.for<[number, unknown, KmsErrorCode]>([
    [401, { error: "something_new" }, "KMS_AUTH_FAILED"],
    [429, { error: "invalid_grant" }, "KMS_THROTTLED"],
    [500, { error: "invalid_grant" }, "KMS_UNREACHABLE"],
    [451, { error: "gone" }, "KMS_UNKNOWN"],
    [400, { error: "constructor" }, "KMS_AUTH_FAILED"],
  ])("explains token HTTP %i with %j as %s", ([status, body, code]) => {
    expect(gcpTokenFault(new HttpStatusError(status, body), []).code).toBe(code);
  });
});

function answer(code: number, status: string, message: string, details: object[] = []) {
  return new HttpStatusError(code, { error: { code, status, message, details } });
}

function open(world: GcpWorld, change: Parameters<GcpWorld["options"]>[0]): Kms {
  const kms = new Kms(gcpKms(world.options(change)));
  onTestFinished(() => kms.close());
  return kms;
}

async function setUp(path: object = keyPath) {
  const world = await startGcp();
  onTestFinished(world.server.close);
  return { world, kms: open(world, { keyPath: path }) };
}
