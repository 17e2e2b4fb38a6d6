import { describe, expect, it, onTestFinished } from "vitest";
import { AddressPolicy, Kms } from "../src/index.ts";
import { thalesKms } from "../src/thales/index.ts";
import { parseThalesOptions } from "../src/thales/options.ts";
import { failureOf, refusalOf } from "./fakes/failure.ts";
import { makeCertificate } from "./fakes/vendor-server.ts";
import { privateNetwork } from "./fakes/loopback.ts";

const keyPath = { serviceUrl: "https://cm.acme.example", keyId: "tenant-documents" };
const credentials = { username: "tsp-service", password: "hush-hush-hush" };

describe("a Thales configuration", () => {
  it("has the manager's defaults for domain and connection", () => {
    expect(parseThalesOptions({ keyPath, credentials })).toMatchObject({
      ...credentials,
      keyId: "tenant-documents",
      keyIdType: undefined,
      authDomain: "root",
      domain: "root",
      connection: "local_account",
      caCertificate: undefined,
      manager: { origin: "https://cm.acme.example:443" },
    });
  });

  it("may bring its own authority and end its texts with a line break", async () => {
    const { cert } = await makeCertificate("cm.acme.example");
    const record = { username: "a\n", password: "b\r\n", caCertificate: `comment\n${cert}` };
    const config = parseThalesOptions({ keyPath, credentials: record });

    expect(config).toMatchObject({ username: "a", password: "b" });
    expect(config.caCertificate).toMatch(/^-----BEGIN CERTIFICATE-----/);
  });

  it.for<[string, unknown]>([
    ["keyPath must be an object", undefined],
    ["keyPath.keyId", { serviceUrl: keyPath.serviceUrl }],
    ["keyPath.keyId", { ...keyPath, keyId: "" }],
    ["keyPath.keyId", { ...keyPath, keyId: 7 }],
    ["keyPath.keyId", { ...keyPath, keyId: "a\r\nx: y" }],
    ["keyPath.keyId", { ...keyPath, keyId: "x".repeat(1_000_000) }],
    ["keyPath.keyIdType", { ...keyPath, keyIdType: "path" }],
    ["keyPath.serviceUrl", { keyId: "x" }],
    ...[
      "cm.acme.example",
      "http://cm.acme.example",
      "https://cm.acme.example:8443",
      "https://cm.acme.example/api",
      "https://cm.acme.example?x",
      "https://user@cm.acme.example",
      "https://127.0.0.1",
      "https://2130706433",
      "https://0177.0.0.1",
      "https://[::1]",
      "https://10.0.0.1",
      "https://192.168.1.1",
      "https://169.254.169.254",
      "https://[fe80::1]",
      "https://[::ffff:10.0.0.1]",
      "ftp://cm.acme.example",
      "",
    ].map((serviceUrl): [string, unknown] => ["keyPath.serviceUrl", { ...keyPath, serviceUrl }]),
  ])("is refused because of %s: %j", ([words, path]) => {
    const error = refusalOf(() => thalesKms({ keyPath: path, credentials }));

    expect(error.code).toBe("KMS_CONFIG_INVALID");
    expect(error.message).toContain(words);
    expect(error.message).not.toContain(credentials.password);
  });

  it.for<[string, unknown]>([
    ["credentials must be an object", null],
    ["credentials.username", { password: "x" }],
    ["credentials.username", { ...credentials, username: "" }],
    ["credentials.password", { username: "x" }],
    ["credentials.password", { ...credentials, password: 7 }],
    ["credentials.password", { ...credentials, password: "hush-hush-hush\u0000" }],
    ["credentials.authDomain", { ...credentials, authDomain: "" }],
    ["credentials.domain", { ...credentials, domain: ["root"] }],
    ["credentials.connection", { ...credentials, connection: "a\nb" }],
    ["credentials.caCertificate", { ...credentials, caCertificate: "no certificate" }],
    ["credentials.caCertificate", { ...credentials, caCertificate: true }],
  ])("is refused because of %s", ([words, record]) => {
    const error = refusalOf(() => thalesKms({ keyPath, credentials: record }));

    expect(error.code).toBe("KMS_CONFIG_INVALID");
    expect(error.message).toContain(words);
    expect(error.message).not.toContain("hush-hush");
  });

  it("never connects when its host leads to a private address", async () => {
    const policy = new AddressPolicy({ resolve: privateNetwork });
    const kms = new Kms(thalesKms({ keyPath, credentials, policy }));
    onTestFinished(() => kms.close());

    const error = await failureOf(kms.wrap(Buffer.alloc(32, 1)));

    expect(error.code).toBe("KMS_CONFIG_INVALID");
    expect(error.message).toContain("private or reserved range");
  });

  it("may lead to a private address that the operator allows", () => {
    const policy = new AddressPolicy({ allowedHosts: ["10.0.0.1", "cm.internal:8443"] });

    for (const serviceUrl of ["https://10.0.0.1", "https://cm.internal:8443"]) {
      const path = { ...keyPath, serviceUrl };
      expect(parseThalesOptions({ keyPath: path, credentials, policy }).manager.tls).toBe(true);
    }
  });
});
