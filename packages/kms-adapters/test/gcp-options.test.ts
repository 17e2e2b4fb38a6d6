import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import { gcpKms } from "../src/gcp/index.ts";
import { parseGcpOptions } from "../src/gcp/options.ts";
import { AddressPolicy, Kms, KmsError } from "../src/index.ts";
import { failureOf, refusalOf } from "./fakes/failure.ts";
import { keyName, keyPath, startGcp } from "./fakes/gcp-world.ts";
import { privateNetwork } from "./fakes/loopback.ts";

const pem = (key: { export(options: { type: "pkcs8"; format: "pem" }): string | Buffer }) =>
  key.export({ type: "pkcs8", format: "pem" }).toString();
const private_key = pem(generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey);
const credentials = { client_email: "tsp@acme.iam.gserviceaccount.com", private_key };

describe("a Google configuration", () => {
  it("names the key in full and keeps the account", () => {
    expect(parseGcpOptions({ keyPath, credentials })).toMatchObject({
      keyName,
      email: credentials.client_email,
      kms: { origin: "https://cloudkms.googleapis.com:443" },
      tokens: { origin: "https://oauth2.googleapis.com:443" },
      tokenPath: "/token",
    });
  });

  it("may name the project of a company's domain", () => {
    const path = { ...keyPath, projectId: "example.com:my-project" };

    expect(parseGcpOptions({ keyPath: path, credentials }).keyName).toContain(
      "projects/example.com:my-project/locations/",
    );
  });

  const members = ["projectId", "locationId", "keyRingId", "cryptoKeyId"];
  const tricks = [
    "",
    "a/b",
    "..",
    "a?b",
    "a#b",
    "a%2fb",
    "a:b",
    "a b",
    "a\r\nx-evil: 1",
    "é",
    "a".repeat(1_000_000),
    1,
    null,
    undefined,
    ["a"],
    { a: 1 },
  ];
  it.for(members.flatMap((member) => tricks.map((trick) => [member, trick] as const)))(
    "refuses keyPath.%s %j",
    ([member, trick]) => {
      const path = { ...keyPath, [member]: trick };
      const error = refusalOf(() => gcpKms({ keyPath: path, credentials }));

      expect(error.code).toBe("KMS_CONFIG_INVALID");
      expect(error.message).toContain(`keyPath.${member}`);
    },
  );

  it.for<[string, unknown]>([
    ["credentials must be an object", null],
    ["credentials must be an object", "text"],
    ["credentials must be an object", [credentials]],
    ["credentials.client_email", { private_key }],
    ["credentials.client_email", { private_key, client_email: "nobody" }],
    ["credentials.client_email", { private_key, client_email: "a@b\r\nx: y" }],
    ["credentials.private_key", { client_email: credentials.client_email }],
    ["credentials.private_key", { ...credentials, private_key: "" }],
    ["credentials.private_key", { ...credentials, private_key: "no key at all" }],
    ["credentials.private_key", { ...credentials, private_key: private_key.slice(0, 400) }],
    ["credentials.private_key", { ...credentials, private_key: ecKey() }],
    ["credentials.private_key", { ...credentials, private_key: smallKey() }],
    [
      "credentials.private_key",
      { ...credentials, private_key: `${private_key}${"x".repeat(2e6)}` },
    ],
    ["credentials.type", { ...credentials, type: "external_account" }],
    ["credentials.type", { ...credentials, type: "authorized_user" }],
    ["credentials.type", { ...credentials, type: "impersonated_service_account" }],
    ["credentials.type", { ...credentials, type: "" }],
    ["credentials.type", { ...credentials, type: null }],
  ])("is refused because of %s", ([member, record]) => {
    const error = refusalOf(() => gcpKms({ keyPath, credentials: record }));

    expect(error.code).toBe("KMS_CONFIG_INVALID");
    expect(error.message).toContain(member);
    expect(error.message).not.toContain(private_key.slice(40, 80));
    expect(error.message).not.toContain("nobody");
  });

  it.for<[string, object]>([
    ["endpoint", { endpoint: "https://cloudkms.googleapis.com.evil.example" }],
    ["endpoint", { endpoint: "https://127.0.0.1" }],
    ["endpoint", { endpoint: "http://cloudkms.googleapis.com" }],
    ["endpoint", { endpoint: "https://cloudkms.googleapis.com:8443" }],
    ["endpoint", { endpoint: "https://user@cloudkms.googleapis.com" }],
    ["tokenEndpoint", { tokenEndpoint: "https://169.254.169.254/token" }],
    ["tokenEndpoint", { tokenEndpoint: "https://oauth2.googleapis.com" }],
    ["tokenEndpoint", { tokenEndpoint: "https://oauth2.googleapis.com/token?x=1" }],
  ])("has no other %s unless it is allowed: %j", ([option, change]) => {
    const error = refusalOf(() => gcpKms({ keyPath, credentials, ...change }));

    expect(error.code).toBe("KMS_CONFIG_INVALID");
    expect(error.message).toContain(option);
  });

  it("never connects when its host leads to a private address", async () => {
    const policy = new AddressPolicy({ resolve: privateNetwork });
    const kms = new Kms(gcpKms({ keyPath, credentials, policy }));
    onTestFinished(() => kms.close());

    const error = await failureOf(kms.wrap(Buffer.alloc(32, 1)));

    expect(error.code).toBe("KMS_CONFIG_INVALID");
    expect(error.message).toContain("private or reserved range");
  });

  it("may lead an operator's emulator over plain HTTP when that is allowed", () => {
    const policy = new AddressPolicy({ allowedHosts: ["http://127.0.0.1:9090"] });
    const emulator = "http://127.0.0.1:9090";
    const options = { endpoint: emulator, tokenEndpoint: `${emulator}/token`, policy };

    expect(parseGcpOptions({ keyPath, credentials, ...options }).kms.tls).toBe(false);
  });

  it("uses no credential of the environment", async () => {
    const { server, options } = await startGcp();
    onTestFinished(server.close);
    for (const name of ["GOOGLE_APPLICATION_CREDENTIALS", "GCE_METADATA_HOST", "HTTPS_PROXY"]) {
      const before = process.env[name];
      process.env[name] = "http://127.0.0.1:1/";
      onTestFinished(() => {
        if (before === undefined) delete process.env[name];
        else process.env[name] = before;
      });
    }
    const kms = new Kms(gcpKms(options()));
    onTestFinished(() => kms.close());

    expect(await kms.wrap(Buffer.alloc(32, 1))).toBeInstanceOf(Buffer);
    expect(KmsError.is(refusalOf(() => gcpKms(options({ credentials: {} }))))).toBe(true);
  });
});

function ecKey(): string {
  return pem(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
}

function smallKey(): string {
  return pem(generateKeyPairSync("rsa", { modulusLength: 1_024 }).privateKey);
}
