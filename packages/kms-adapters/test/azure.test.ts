import { randomBytes } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import { decodeCiphertext, encodeCiphertext } from "../src/azure/ciphertext.ts";
import { azureKms } from "../src/azure/index.ts";
import { describeKmsDriver } from "../src/conformance/index.ts";
import { Kms } from "../src/index.ts";
import { encodeMessage } from "../src/rest/message.ts";
import { type AzureChange, type AzureWorld, keyName, startAzure } from "./fakes/azure-world.ts";
import { failureOf } from "./fakes/failure.ts";
import { hang, reply } from "./fakes/mischief.ts";

describeKmsDriver("azure", async () => {
  const { azure, server, options } = await startAzure();
  azure.createKey("elsewhere");
  return {
    drivers: async () => [
      azureKms(options()),
      azureKms(options({ path: { keyName: "elsewhere" } })),
    ],
    stall: () => server.misbehave("wrapkey", ...Array.from({ length: 4 }, () => hang)),
    peakSockets: server.mostOpen,
    dispose: server.close,
  };
});

const kid = (path: string, host = "acme.vault.azure.net") => `https://${host}/keys/${path}`;

describe("Key Vault", () => {
  it("is asked to wrap and to unwrap, and for nothing else", async () => {
    const { azure, server, kms } = await setUp();
    const [version] = azure.versions(keyName);

    await kms.unwrap(await kms.wrap(randomBytes(32)));

    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `POST /${azure.entra.tenantGuid}/oauth2/v2.0/token`,
      `POST /keys/${keyName}/wrapkey`,
      `POST /keys/${keyName}/${version}/unwrapkey`,
    ]);
    expect(server.requests.slice(1).map(({ body }) => Object.keys(JSON.parse(body)))).toEqual([
      ["alg", "value"],
      ["alg", "value"],
    ]);
  });

  it("stores the ciphertext of the vault with the version that the vault named", async () => {
    const { azure, kms } = await setUp();
    let given = "";
    azure.distort = (answer) => (given = String(answer["value"]));

    const { value, version } = decodeCiphertext(await kms.wrap(randomBytes(32)));

    expect(Buffer.from(value).toString("base64url")).toBe(given);
    expect([version]).toEqual(azure.versions(keyName));
  });

  it("wraps with the current version and opens with the one that wrapped", async () => {
    const { azure, server, kms } = await setUp();
    const key = randomBytes(32);
    const old = await kms.wrap(key);
    azure.rotate(keyName);
    const fresh = await kms.wrap(key);

    expect([await kms.unwrap(old), await kms.unwrap(fresh)]).toEqual([key, key]);
    const [first, second] = azure.versions(keyName);
    expect(server.requests.slice(-2).map(({ path }) => path)).toEqual([
      `/keys/${keyName}/${first}/unwrapkey`,
      `/keys/${keyName}/${second}/unwrapkey`,
    ]);
  });

  it("opens old data that is nothing but the vault's ciphertext", async () => {
    const { kms } = await setUp();
    const key = randomBytes(32);
    const { value } = decodeCiphertext(await kms.wrap(key));

    expect(await kms.unwrap(value)).toEqual(key);
  });

  it("lets the vault judge what only looks like a message by accident", async () => {
    const { server, kms } = await setUp();
    await kms.wrap(randomBytes(32));

    const error = await failureOf(kms.unwrap(Buffer.from("0a001200", "hex")));

    expect(error.code).toBe("KMS_CIPHERTEXT_INVALID");
    expect(error.message).toContain("Code: BadParameter, The parameter is incorrect");
    expect(error.message).not.toContain("Property 'value' is required");
    expect(server.requests.at(-1)?.path).toBe(`/keys/${keyName}/unwrapkey`);
  });

  it("tells a version that never was from a key that is gone", async () => {
    const { azure, kms } = await setUp();
    const { value } = decodeCiphertext(await kms.wrap(randomBytes(32)));
    const forged = encodeCiphertext(value, "0".repeat(32));

    expect(await failureOf(kms.unwrap(forged))).toMatchObject({ code: "KMS_CIPHERTEXT_INVALID" });
    azure.setDeleted(keyName, true);
    expect(await failureOf(kms.unwrap(forged))).toMatchObject({ code: "KMS_CONFIG_INVALID" });
  });

  it("takes the name of a key without regard to case, as the vault does", async () => {
    const { azure, options } = await startAzureFor();
    azure.createKey("Documents");
    const kms = open(options({ path: { keyName: "DOCUMENTS" } }));
    const key = randomBytes(32);

    expect(await kms.unwrap(await kms.wrap(key))).toEqual(key);
  });

  it("goes by its own name behind a name of the operator's", async () => {
    const { server, options } = await startAzure({
      vault: "keys.acme.example",
      authority: "login.microsoftonline.com",
      audience: "https://vault.azure.net",
      origin: "https://acme.vault.azure.net",
    });
    onTestFinished(server.close);
    const kms = open(options());
    const key = randomBytes(32);

    expect(await kms.unwrap(await kms.wrap(key))).toEqual(key);
  });

  it("uses SHA-1 for keys of old data when it is told to", async () => {
    const { server, options } = await startAzureFor();
    const kms = open(options({ path: { algorithm: "RSA-OAEP" } }));
    const key = randomBytes(32);

    expect(await kms.unwrap(await kms.wrap(key))).toEqual(key);
    expect(JSON.parse(server.requests.at(-1)?.body ?? "")).toMatchObject({ alg: "RSA-OAEP" });
  });

  const v = "0".repeat(32);
  it.for<[string, (answer: Record<string, unknown>) => void]>([
    ["another key", (answer) => (answer["kid"] = kid(`elsewhere/${v}`))],
    ["another vault", (answer) => (answer["kid"] = kid(`${keyName}/${v}`, "evil.vault.azure.net"))],
    [
      "a look-alike",
      (answer) => (answer["kid"] = kid(`${keyName}/${v}`, "acme.vault.azure.net.x")),
    ],
    ["no version", (answer) => (answer["kid"] = kid(keyName))],
    ["a version with a path in it", (answer) => (answer["kid"] = kid(`${keyName}/${v}/../x`))],
    ["a strange version", (answer) => (answer["kid"] = kid(`${keyName}/a%2fb`))],
    ["no key id", (answer) => delete answer["kid"]],
    ["no value", (answer) => delete answer["value"]],
    ["a value that is no base64url", (answer) => (answer["value"] = "+/+=")],
    ["a value with padding inside", (answer) => (answer["value"] = "AAAAAA==AAAA")],
  ])("refuses an answer with %s", async ([, distort]) => {
    const { azure, kms } = await setUp();
    const wrapped = await kms.wrap(randomBytes(32));
    azure.distort = distort;

    for (const call of [kms.wrap(randomBytes(32)), kms.unwrap(wrapped)]) {
      expect(await failureOf(call)).toMatchObject({ code: "KMS_RESPONSE_INVALID" });
    }
  });

  it("refuses a plaintext of another version than the one it asked for", async () => {
    const { azure, kms } = await setUp();
    const wrapped = await kms.wrap(randomBytes(32));
    azure.distort = (answer) => (answer["kid"] = kid(`${keyName}/${v}`));

    expect(await failureOf(kms.unwrap(wrapped))).toMatchObject({ code: "KMS_RESPONSE_INVALID" });
  });

  it.for([0, 65, 100])("refuses a plaintext of %i bytes", async (length) => {
    const { azure, kms } = await setUp();
    const wrapped = await kms.wrap(randomBytes(32));
    azure.distort = (answer) => (answer["value"] = Buffer.alloc(length, 7).toString("base64url"));

    expect(await failureOf(kms.unwrap(wrapped))).toMatchObject({ code: "KMS_RESPONSE_INVALID" });
  });
});

describe("the stored form", () => {
  const version = "b96d80d4c3b4459b9b3b6a3a5f4d5d1c";

  it("is the message of the protocol, field by field", () => {
    const stored = encodeCiphertext(Buffer.from([1, 2, 3]), version);

    expect(stored.toString("hex")).toBe(`0a030102031220${Buffer.from(version).toString("hex")}`);
    expect(decodeCiphertext(stored)).toEqual({ value: Buffer.from([1, 2, 3]), version });
  });

  it.for<[string, Buffer]>([
    ["no version", encodeMessage(Buffer.from([1, 2, 3]))],
    ["no bytes", encodeMessage("", version)],
    ["a version that could be a path", encodeMessage(Buffer.from([1]), "../secrets")],
    ["a version that is no text", encodeMessage(Buffer.from([1]), Buffer.from([0xff]))],
    ["a version that is a number", encodeMessage(Buffer.from([1]), 7)],
  ])("is taken for bare bytes when it has %s", ([, stored]) => {
    expect(decodeCiphertext(stored)).toEqual({ value: stored, version: undefined });
  });
});

describe("the client secret", () => {
  it("is sent once for many calls, with the vault's scope", async () => {
    const { azure, server, app, kms } = await setUp();

    await Promise.all(Array.from({ length: 20 }, () => kms.wrap(randomBytes(32))));

    const tokens = server.requests.filter(({ path }) => path.endsWith("/token"));
    expect(tokens).toHaveLength(1);
    expect(tokens[0]?.path).toContain(azure.entra.tenantGuid);
    expect(Object.fromEntries(new URLSearchParams(tokens[0]?.body))).toEqual({
      grant_type: "client_credentials",
      client_id: app.clientId,
      client_secret: app.secret,
      scope: "https://vault.azure.net/.default",
    });
  });

  it("is sent again once when the vault refuses the token", async () => {
    const { azure, server, kms } = await setUp();
    await kms.wrap(randomBytes(32));
    azure.entra.revokeAll();

    await Promise.all(Array.from({ length: 20 }, () => kms.wrap(randomBytes(32))));

    expect(server.requests.filter(({ path }) => path.endsWith("/token"))).toHaveLength(2);
  });

  it("is not sent for ever when the vault refuses every token", async () => {
    const { server, kms } = await setUp();
    const refusal = reply(401, { error: { code: "Unauthorized", message: "AKV10032" } });
    server.misbehave("/wrapkey", refusal, refusal);

    const error = await failureOf(kms.wrap(randomBytes(32)));

    expect(error).toMatchObject({ code: "KMS_AUTH_FAILED", httpStatus: 401 });
    expect(server.requests.filter(({ path }) => path.endsWith("/token"))).toHaveLength(2);
  });

  it.for([
    ["public", "acme.managedhsm.azure.net", "login.microsoftonline.com", "managedhsm.azure.net"],
    [
      "usgov",
      "acme.vault.usgovcloudapi.net",
      "login.microsoftonline.us",
      "vault.usgovcloudapi.net",
    ],
    [
      "usgov",
      "acme.managedhsm.usgovcloudapi.net",
      "login.microsoftonline.us",
      "managedhsm.usgovcloudapi.net",
    ],
    ["china", "acme.vault.azure.cn", "login.chinacloudapi.cn", "vault.azure.cn"],
    ["china", "acme.managedhsm.azure.cn", "login.chinacloudapi.cn", "managedhsm.azure.cn"],
  ] as const)("gets a token for the %s cloud's %s", async ([cloud, vault, authority, audience]) => {
    const world = await startAzure({ vault, authority, audience: `https://${audience}` });
    onTestFinished(world.server.close);
    const kms = open(world.options({ path: { cloud } }));
    const key = randomBytes(32);

    expect(await kms.unwrap(await kms.wrap(key))).toEqual(key);
  });
});

async function startAzureFor(): Promise<AzureWorld> {
  const world = await startAzure();
  onTestFinished(world.server.close);
  return world;
}

function open(options: ReturnType<AzureWorld["options"]>): Kms {
  const kms = new Kms(azureKms(options));
  onTestFinished(() => kms.close());
  return kms;
}

async function setUp(change?: AzureChange) {
  const world = await startAzureFor();
  return { ...world, kms: open(world.options(change)) };
}
