import { describe, expect, it, onTestFinished } from "vitest";
import { azureKms } from "../src/azure/index.ts";
import { parseAzureOptions } from "../src/azure/options.ts";
import { AddressPolicy, Kms } from "../src/index.ts";
import { startAzure } from "./fakes/azure-world.ts";
import { failureOf, refusalOf } from "./fakes/failure.ts";
import { privateNetwork } from "./fakes/loopback.ts";

const keyPath = { vaultBaseUrl: "https://acme.vault.azure.net", keyName: "documents" };
const credentials = {
  tenantGuid: "11111111-2222-4333-8444-555555555555",
  clientId: "66666666-7777-4888-9999-aaaaaaaaaaaa",
  clientSecret: "hush-hush-hush",
};

describe("an Azure configuration", () => {
  it("knows vault, token service and scope", () => {
    expect(parseAzureOptions({ keyPath, credentials })).toMatchObject({
      ...credentials,
      keyName: "documents",
      algorithm: "RSA-OAEP-256",
      scope: "https://vault.azure.net/.default",
      vault: { origin: "https://acme.vault.azure.net:443" },
      authority: { origin: "https://login.microsoftonline.com:443" },
    });
  });

  it("may end a secret with the line break of its file", () => {
    const fromFile = { ...credentials, clientSecret: "hush-hush-hush\n" };

    expect(parseAzureOptions({ keyPath, credentials: fromFile }).clientSecret).toBe(
      "hush-hush-hush",
    );
  });

  it.for<[string, unknown]>([
    ["keyPath must be an object", null],
    ["keyPath must be an object", "https://acme.vault.azure.net"],
    ["keyPath.keyName", { vaultBaseUrl: keyPath.vaultBaseUrl }],
    ...[
      "",
      "a/b",
      "../x",
      "a?b",
      "a#b",
      "a%2fb",
      "a b",
      "a_b",
      "é",
      "a\r\nx: y",
      "a".repeat(128),
    ].map((keyName): [string, unknown] => ["keyPath.keyName", { ...keyPath, keyName }]),
    ["keyPath.keyName", { ...keyPath, keyName: 7 }],
    ["keyPath.vaultBaseUrl", { keyName: "documents" }],
    ...[
      "acme.vault.azure.net",
      "http://acme.vault.azure.net",
      "https://acme.vault.azure.net:8443",
      "https://acme.vault.azure.net/keys",
      "https://acme.vault.azure.net?x=1",
      "https://acme.vault.azure.net#x",
      "https://user:pw@acme.vault.azure.net",
      "https://acme.vault.azure.net.",
      "https://vault.azure.net",
      "https://.vault.azure.net",
      "https://a.b.vault.azure.net",
      "https://acme.vault.azure.net.evil.example",
      "https://evil.example/acme.vault.azure.net",
      "https://acme-vault.azure.net",
      "https://acmevault.azure.net",
      "https://acme.vault.azure.net@evil.example",
      String.raw`https://evil.example\.vault.azure.net`,
      "https://acme.vault.azure.cn",
      "https://acme.vault.usgovcloudapi.net",
      "https://127.0.0.1",
      "https://2130706433",
      "https://0x7f.1",
      "https://[::1]",
      "https://[::ffff:127.0.0.1]",
      "https://169.254.169.254",
      "https://localhost",
      "file:///etc/passwd",
      "\u0000",
      `https://${"a".repeat(1_000_000)}.vault.azure.net`,
    ].map((vaultBaseUrl): [string, unknown] => [
      "keyPath.vaultBaseUrl",
      { ...keyPath, vaultBaseUrl },
    ]),
    ["keyPath.cloud", { ...keyPath, cloud: "germany" }],
    ["keyPath.cloud", { ...keyPath, cloud: "__proto__" }],
    ["keyPath.vaultBaseUrl", { ...keyPath, cloud: "china" }],
    ["keyPath.algorithm", { ...keyPath, algorithm: "RSA1_5" }],
  ])("is refused because of %s: %j", ([words, path]) => {
    const error = refusalOf(() => azureKms({ keyPath: path, credentials }));

    expect(error.code).toBe("KMS_CONFIG_INVALID");
    expect(error.message).toContain(words);
    expect(error.message).not.toContain(credentials.clientSecret);
  });

  it.for<[string, unknown]>([
    ["credentials must be an object", undefined],
    ["credentials.tenantGuid", { ...credentials, tenantGuid: undefined }],
    ["credentials.tenantGuid", { ...credentials, tenantGuid: "common" }],
    ["credentials.tenantGuid", { ...credentials, tenantGuid: `${credentials.tenantGuid}/../x` }],
    ["credentials.tenantGuid", { ...credentials, tenantGuid: "evil.example/x?y=" }],
    ["credentials.clientId", { ...credentials, clientId: "" }],
    ["credentials.clientId", { ...credentials, clientId: null }],
    ["credentials.clientId", { ...credentials, clientId: "a\r\nb" }],
    ["credentials.clientSecret", { ...credentials, clientSecret: undefined }],
    ["credentials.clientSecret", { ...credentials, clientSecret: "" }],
    ["credentials.clientSecret", { ...credentials, clientSecret: ["x"] }],
    ["credentials.clientSecret", { ...credentials, clientSecret: "x".repeat(1_000_000) }],
  ])("is refused because of %s", ([words, record]) => {
    const error = refusalOf(() => azureKms({ keyPath, credentials: record }));

    expect(error.code).toBe("KMS_CONFIG_INVALID");
    expect(error.message).toContain(words);
    expect(error.message).not.toContain(credentials.clientSecret);
  });

  it.for([
    "https://login.microsoftonline.com.evil.example",
    "http://login.microsoftonline.com",
    "https://127.0.0.1",
    "https://login.microsoftonline.com/tenant",
  ])("has no token service at %s unless it is allowed", (authorityHost) => {
    const error = refusalOf(() => azureKms({ keyPath, credentials, authorityHost }));

    expect(error.message).toContain("authorityHost");
  });

  it("never connects when its host leads to a private address", async () => {
    const policy = new AddressPolicy({ resolve: privateNetwork });
    const kms = new Kms(azureKms({ keyPath, credentials, policy }));
    onTestFinished(() => kms.close());

    const error = await failureOf(kms.wrap(Buffer.alloc(32, 1)));

    expect(error.code).toBe("KMS_CONFIG_INVALID");
    expect(error.message).toContain("private or reserved range");
  });

  it("may lead to an operator's emulator over plain HTTP when that is allowed", () => {
    const emulator = "http://127.0.0.1:9090";
    const policy = new AddressPolicy({ allowedHosts: [emulator] });
    const path = { ...keyPath, vaultBaseUrl: emulator };

    expect(
      parseAzureOptions({ keyPath: path, credentials, policy, authorityHost: emulator }),
    ).toMatchObject({ vault: { tls: false }, scope: "https://vault.azure.net/.default" });
  });

  it("uses no credential of the environment", async () => {
    const { server, app, options } = await startAzure();
    onTestFinished(server.close);
    for (const name of ["AZURE_CLIENT_SECRET", "AZURE_AUTHORITY_HOST", "MSI_ENDPOINT"]) {
      const before = process.env[name];
      process.env[name] = "https://127.0.0.1:1/";
      onTestFinished(() => {
        if (before === undefined) delete process.env[name];
        else process.env[name] = before;
      });
    }
    const kms = new Kms(azureKms(options()));
    onTestFinished(() => kms.close());
    await kms.wrap(Buffer.alloc(32, 1));

    expect(server.requests[0]?.body).toContain(app.clientId);
    expect(refusalOf(() => azureKms(options({ credentials: {} }))).code).toBe("KMS_CONFIG_INVALID");
  });
});
