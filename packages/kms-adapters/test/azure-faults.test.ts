import { randomBytes } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  AZURE_BAD_REQUEST,
  AZURE_CODES,
  AZURE_INNER_CODES,
  azureFault,
  ENTRA_ERRORS,
  ENTRA_NUMBERS,
  entraFault,
} from "../src/azure/faults.ts";
import { azureKms } from "../src/azure/index.ts";
import type { KmsErrorCode } from "../src/errors.ts";
import { HttpStatusError } from "../src/http/errors.ts";
import { Kms } from "../src/index.ts";
import { type AzureWorld, keyName, startAzure, startAzureTrouble } from "./fakes/azure-world.ts";
import { failureOf } from "./fakes/failure.ts";
import { describeTrouble } from "./fakes/trouble.ts";

describeTrouble("azure", startAzureTrouble);

interface Row {
  readonly what: string;
  readonly change: (world: AzureWorld) => void;
  readonly code: KmsErrorCode;
  readonly httpStatus: number;
  readonly words: string;
}

const BOTH_WAYS: readonly Row[] = [
  {
    what: "the client secret has ended",
    change: ({ app }) => (app.state = "secret expired"),
    code: "KMS_AUTH_FAILED",
    httpStatus: 401,
    words: "AADSTS7000222",
  },
  {
    what: "the app is disabled",
    change: ({ app }) => (app.state = "disabled"),
    code: "KMS_AUTH_FAILED",
    httpStatus: 400,
    words: "AADSTS7000112",
  },
  {
    what: "the directory is blocked",
    change: ({ azure }) => (azure.entra.tenantBlocked = true),
    code: "KMS_ACCOUNT_ISSUE",
    httpStatus: 400,
    words: "AADSTS5000225",
  },
  {
    what: "the key is disabled",
    change: ({ azure }) => azure.setEnabled(keyName, false),
    code: "KMS_KEY_UNAVAILABLE",
    httpStatus: 403,
    words: "KeyDisabled",
  },
  {
    what: "the key is deleted",
    change: ({ azure }) => azure.setDeleted(keyName, true),
    code: "KMS_CONFIG_INVALID",
    httpStatus: 404,
    words: "KeyNotFound",
  },
  {
    what: "the vault limits the rate",
    change: ({ azure }) => (azure.throttled = true),
    code: "KMS_THROTTLED",
    httpStatus: 429,
    words: "Throttled",
  },
  {
    what: "the vault's firewall is in the way",
    change: ({ azure }) => (azure.firewall = true),
    code: "KMS_CONFIG_INVALID",
    httpStatus: 403,
    words: "ForbiddenByFirewall",
  },
];

describe("a call fails with the right code", { timeout: 20_000 }, () => {
  it.for(BOTH_WAYS)("when $what", async ({ change, code, httpStatus, words }) => {
    const { world, kms } = await setUp();
    const wrapped = await kms.wrap(randomBytes(32));
    world.azure.entra.revokeAll();
    change(world);

    for (const call of [kms.wrap(randomBytes(32)), kms.unwrap(wrapped)]) {
      const error = await failureOf(call);
      expect(error).toMatchObject({ code, httpStatus });
      expect(error.message).toContain(words);
      expect(error.message).not.toContain("Trace ID");
    }
  });

  it.for(["wrapKey", "unwrapKey"] as const)("when only %s is not permitted", async (permission) => {
    const { world, kms } = await setUp();
    const wrapped = await kms.wrap(randomBytes(32));
    world.app.permissions.delete(permission);
    const [wrap, unwrap] = [kms.wrap(randomBytes(32)), kms.unwrap(wrapped)];

    const [denied, granted] = permission === "wrapKey" ? [wrap, unwrap] : [unwrap, wrap];
    const error = await failureOf(denied);

    expect(error).toMatchObject({ code: "KMS_CONFIG_INVALID", httpStatus: 403 });
    expect(error.message).toContain("ForbiddenByPolicy");
    expect(await granted).toBeInstanceOf(Buffer);
  });

  it("when the key has another name", async () => {
    const { world } = await setUp();
    const kms = open(world, { path: { keyName: "nowhere" } });

    expect(await failureOf(kms.wrap(randomBytes(32)))).toMatchObject({
      code: "KMS_CONFIG_INVALID",
      httpStatus: 404,
    });
  });

  it.for([
    ["clientSecret", "wrong", "AADSTS7000215"],
    ["clientId", "00000000-0000-4000-8000-000000000000", "AADSTS700016"],
    ["tenantGuid", "00000000-0000-4000-8000-000000000000", "AADSTS90002"],
  ] as const)("when %s is wrong", async ([member, value, words]) => {
    const { world } = await setUp();
    const credentials = world.options().credentials as object;
    const kms = open(world, { credentials: { ...credentials, [member]: value } });

    const error = await failureOf(kms.wrap(randomBytes(32)));

    expect(error.code).toBe("KMS_AUTH_FAILED");
    expect(error.message).toContain(words);
  });

  it("works again when the key is enabled again", async () => {
    const { world, kms } = await setUp();
    const wrapped = await kms.wrap(randomBytes(32));
    world.azure.setEnabled(keyName, false);
    await failureOf(kms.unwrap(wrapped));
    world.azure.setEnabled(keyName, true);

    expect(await kms.unwrap(wrapped)).toHaveLength(32);
  });
});

describe("the table", () => {
  it.for(Object.entries(AZURE_INNER_CODES))("explains inner code %s as %s", ([inner, code]) => {
    const error = { code: "Forbidden", message: "no", innererror: { code: inner } };

    expect(azureFault(new HttpStatusError(403, { error }), "wrap", [])).toEqual({
      code,
      detail: `Code: Forbidden ${inner}, no`,
      httpStatus: 403,
    });
  });

  it("looks for the innermost code", () => {
    const innererror = { code: "ForbiddenByPolicy", innererror: { code: "KeyDisabled" } };
    const error = { code: "Forbidden", message: "no", innererror };

    expect(azureFault(new HttpStatusError(403, { error }), "wrap", []).code).toBe(
      "KMS_KEY_UNAVAILABLE",
    );
  });

  it.for(Object.entries(AZURE_CODES))("explains code %s as %s", ([outer, code]) => {
    const refusal = new HttpStatusError(400, { error: { code: outer, message: "no" } });

    expect(azureFault(refusal, "unwrap", []).code).toBe(code);
  });

  it.for(Object.entries(AZURE_BAD_REQUEST))(
    "explains a bad request to %s as %s",
    ([name, code]) => {
      const refusal = new HttpStatusError(400, { error: { code: "BadParameter" } });

      expect(azureFault(refusal, name as "wrap" | "unwrap", [])).toEqual({
        code,
        detail: "Code: BadParameter",
        httpStatus: 400,
      });
    },
  );

  it.for<[number, KmsErrorCode]>([
    [401, "KMS_AUTH_FAILED"],
    [402, "KMS_ACCOUNT_ISSUE"],
    [403, "KMS_CONFIG_INVALID"],
    [404, "KMS_CONFIG_INVALID"],
    [418, "KMS_UNKNOWN"],
    [429, "KMS_THROTTLED"],
    [500, "KMS_UNREACHABLE"],
    [503, "KMS_UNREACHABLE"],
  ])("explains a code that nobody knows by HTTP %i as %s", ([status, code]) => {
    const refusal = new HttpStatusError(status, { error: { code: "NewerThanUs" } });

    expect(azureFault(refusal, "unwrap", []).code).toBe(code);
  });

  it("takes no word of the language for a code", () => {
    const error = { code: "toString", innererror: { code: "constructor" } };

    expect(azureFault(new HttpStatusError(418, { error }), "wrap", []).code).toBe("KMS_UNKNOWN");
  });

  it.for(Object.entries(ENTRA_NUMBERS))("explains %s as %s", ([number, code]) => {
    const error_description = `${number}: no\r\nTrace ID: 1`;
    const refusal = new HttpStatusError(400, { error: "invalid_grant", error_description });

    expect(entraFault(refusal, [])).toEqual({
      code,
      detail: `Code: invalid_grant, ${number}: no`,
      httpStatus: 400,
    });
  });

  it.for(Object.entries(ENTRA_ERRORS))("explains token error %s as %s", ([error, code]) => {
    expect(entraFault(new HttpStatusError(400, { error }), []).code).toBe(code);
  });

  it.for<[number, unknown, KmsErrorCode]>([
    [400, { error: "something_new" }, "KMS_AUTH_FAILED"],
    [400, { error: "constructor" }, "KMS_AUTH_FAILED"],
    [429, { error: "invalid_client" }, "KMS_THROTTLED"],
    [503, { error: "invalid_client" }, "KMS_UNREACHABLE"],
    [401, undefined, "KMS_AUTH_FAILED"],
    [404, {}, "KMS_RESPONSE_INVALID"],
  ])("explains token HTTP %i with %j as %s", ([status, body, code]) => {
    expect(entraFault(new HttpStatusError(status, body), []).code).toBe(code);
  });

  it("leaves out a text that repeats the secret", () => {
    const refusal = new HttpStatusError(401, {
      error: "invalid_client",
      error_description: "AADSTS7000215: 'hush-hush' is no secret",
    });

    expect(entraFault(refusal, ["hush-hush"]).detail).toBe("Code: invalid_client");
  });
});

function open(world: AzureWorld, change?: Parameters<AzureWorld["options"]>[0]): Kms {
  const kms = new Kms(azureKms(world.options(change)));
  onTestFinished(() => kms.close());
  return kms;
}

async function setUp() {
  const world = await startAzure();
  onTestFinished(world.server.close);
  return { world, kms: open(world) };
}
