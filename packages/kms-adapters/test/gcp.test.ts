import { randomBytes } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import { describeKmsDriver } from "../src/conformance/index.ts";
import { type GcpKmsOptions, gcpKms } from "../src/gcp/index.ts";
import { Kms } from "../src/index.ts";
import { failureOf } from "./fakes/failure.ts";
import { type GcpWorld, keyName, keyPath, startGcp } from "./fakes/gcp-world.ts";
import { hang, reply } from "./fakes/mischief.ts";

const other = { ...keyPath, cryptoKeyId: "elsewhere" };
const otherName = keyName.replace("documents", "elsewhere");

describeKmsDriver("gcp", async () => {
  const { google, server, options } = await startGcp();
  google.createKey(otherName);
  return {
    drivers: async () => [gcpKms(options()), gcpKms(options({ keyPath: other }))],
    stall: () => server.misbehave("crypt", ...Array.from({ length: 4 }, () => hang)),
    peakSockets: server.mostOpen,
    dispose: server.close,
  };
});

describe("Cloud KMS", () => {
  it("stores the ciphertext byte for byte as Google gave it", async () => {
    const { google, kms } = await setUp();
    let given = "";
    google.distort = (answer) => (given = String(answer["ciphertext"]));

    const wrapped = await kms.wrap(randomBytes(32));

    expect(wrapped.toString("base64")).toBe(given);
  });

  it("opens what an older version of the key wrapped", async () => {
    const { google, kms } = await setUp();
    const key = randomBytes(32);
    const wrapped = await kms.wrap(key);
    google.rotate(keyName);

    expect(await kms.unwrap(wrapped)).toEqual(key);
    expect(await kms.unwrap(await kms.wrap(key))).toEqual(key);
  });

  it("sends a checksum with every request and nothing besides", async () => {
    const { server, kms } = await setUp();

    await kms.unwrap(await kms.wrap(randomBytes(32)));

    const [wrap, unwrap] = server.requests.filter(({ path }) => path.startsWith("/v1/"));
    expect(wrap?.path).toBe(`/v1/${keyName}:encrypt`);
    expect(Object.keys(JSON.parse(wrap?.body ?? ""))).toEqual(["plaintext", "plaintextCrc32c"]);
    expect(unwrap?.path).toBe(`/v1/${keyName}:decrypt`);
    expect(Object.keys(JSON.parse(unwrap?.body ?? ""))).toEqual(["ciphertext", "ciphertextCrc32c"]);
  });

  it.for<[string, (answer: Record<string, unknown>) => void]>([
    ["another key", (answer) => (answer["name"] = `${otherName}/cryptoKeyVersions/1`)],
    ["the key without a version", (answer) => (answer["name"] = keyName)],
    ["no key at all", (answer) => delete answer["name"]],
    ["a wrong checksum", (answer) => (answer["ciphertextCrc32c"] = "1")],
    ["no checksum", (answer) => delete answer["ciphertextCrc32c"]],
    ["an unconfirmed checksum", (answer) => (answer["verifiedPlaintextCrc32c"] = false)],
    ["no confirmation", (answer) => delete answer["verifiedPlaintextCrc32c"]],
    ["no ciphertext", (answer) => delete answer["ciphertext"]],
    ["a ciphertext that is no base64", (answer) => (answer["ciphertext"] = "*")],
  ])("refuses a ciphertext that comes with %s", async ([, distort]) => {
    const { google, kms } = await setUp();
    google.distort = distort;

    expect(await failureOf(kms.wrap(randomBytes(32)))).toMatchObject({
      code: "KMS_RESPONSE_INVALID",
    });
  });

  it.for<[string, (answer: Record<string, unknown>) => void]>([
    ["a wrong checksum", (answer) => (answer["plaintextCrc32c"] = "1")],
    ["no checksum", (answer) => delete answer["plaintextCrc32c"]],
    ["another plaintext", (answer) => (answer["plaintext"] = randomBytes(32).toString("base64"))],
    ["no plaintext", (answer) => delete answer["plaintext"]],
    ["a list instead of text", (answer) => (answer["plaintext"] = ["AAAA"])],
  ])("refuses a plaintext that comes with %s", async ([, distort]) => {
    const { google, kms } = await setUp();
    const wrapped = await kms.wrap(randomBytes(32));
    google.distort = distort;

    expect(await failureOf(kms.unwrap(wrapped))).toMatchObject({ code: "KMS_RESPONSE_INVALID" });
  });

  it("accepts the project's id in the answer when the key was named by its number", async () => {
    const { google, options } = await startGcpFor();
    const numbered = keyName.replace("acme-prod", "123456789012");
    google.createKey(numbered);
    google.distort = (answer) => (answer["name"] = `${keyName}/cryptoKeyVersions/1`);
    const kms = open(options({ keyPath: { ...keyPath, projectId: "123456789012" } }));

    expect(await kms.wrap(randomBytes(32))).toBeInstanceOf(Buffer);
  });
});

describe("the service account", () => {
  it("asks for one token, whatever the number of calls at once", async () => {
    const { server, kms } = await setUp();

    await Promise.all(Array.from({ length: 20 }, () => kms.wrap(randomBytes(32))));
    await kms.wrap(randomBytes(32));

    expect(tokenRequests(server.requests)).toHaveLength(1);
  });

  it("renews the token shortly before its end", async () => {
    const { google, server, kms } = await setUp();
    google.tokens.lifetimeSeconds = 1;
    await kms.wrap(randomBytes(32));
    google.tokens.lifetimeSeconds = 3_599;

    await expect
      .poll(() => kms.wrap(randomBytes(32)).then(() => tokenRequests(server.requests).length))
      .toBe(2);
    expect(server.requests.every(({ path }) => path !== "/v1")).toBe(true);
  });

  it("asks for another token once when the KMS refuses the one it has", async () => {
    const { google, server, kms } = await setUp();
    await kms.wrap(randomBytes(32));
    google.tokens.revokeAll();

    await Promise.all(Array.from({ length: 20 }, () => kms.wrap(randomBytes(32))));

    expect(tokenRequests(server.requests)).toHaveLength(2);
  });

  it("gives up when the KMS refuses the second token too", async () => {
    const { server, kms } = await setUp();
    const refusal = reply(401, { error: { code: 401, status: "UNAUTHENTICATED", message: "no" } });
    server.misbehave(":encrypt", refusal, refusal);

    expect(await failureOf(kms.wrap(randomBytes(32)))).toMatchObject({
      code: "KMS_AUTH_FAILED",
      httpStatus: 401,
    });
    expect(tokenRequests(server.requests)).toHaveLength(2);
  });

  it("asks again within the same call when the first request for a token is lost", async () => {
    const { server, kms } = await setUp();
    server.misbehave("/token", hang);

    expect(await kms.wrap(randomBytes(32))).toBeInstanceOf(Buffer);
    expect(tokenRequests(server.requests)).toHaveLength(2);
  }, 20_000);

  it("takes nothing of a key file but the address and the key", async () => {
    const { account, server, options } = await startGcpFor();
    const credentials = {
      type: "service_account",
      project_id: "other-project",
      private_key_id: "abc",
      private_key: account.privateKey,
      client_email: account.email,
      client_id: "1",
      auth_uri: "https://evil.example/auth",
      token_uri: "https://evil.example/token",
      universe_domain: "evil.example",
    };

    await open(options({ credentials })).wrap(randomBytes(32));

    expect(server.requests.map(({ path }) => path)).toEqual(["/token", `/v1/${keyName}:encrypt`]);
  });

  it("accepts a key whose line breaks are escaped", async () => {
    const { account, options } = await startGcpFor();
    const private_key = account.privateKey.replaceAll("\n", String.raw`\n`);
    const kms = open(options({ credentials: { client_email: account.email, private_key } }));

    expect(await kms.wrap(randomBytes(32))).toBeInstanceOf(Buffer);
  });
});

function tokenRequests(requests: readonly { path: string }[]) {
  return requests.filter(({ path }) => path === "/token");
}

async function startGcpFor(): Promise<GcpWorld> {
  const world = await startGcp();
  onTestFinished(world.server.close);
  return world;
}

function open(options: GcpKmsOptions): Kms {
  const kms = new Kms(gcpKms(options));
  onTestFinished(() => kms.close());
  return kms;
}

async function setUp() {
  const world = await startGcpFor();
  return { ...world, kms: open(world.options()) };
}
