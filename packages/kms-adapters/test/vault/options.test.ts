import { describe, expect, it } from "vitest";
import { AddressPolicy } from "../../src/index.ts";
import { parseVaultOptions } from "../../src/vault/options.ts";
import { makeCertificate } from "../fakes/vendor-server.ts";

const KEY_PATH = { address: "https://vault.example.com", mountPath: "transit", keyName: "k1" };
const TOKEN = { token: "hvs.marked-secret" };

describe("options that can be used", () => {
  it("are read from the records of a configuration", () => {
    const keyPath = { ...KEY_PATH, namespace: "team/a", other: "ignored" };

    expect(parseVaultOptions({ keyPath, credentials: TOKEN })).toMatchObject({
      address: { origin: "https://vault.example.com:443" },
      namespace: "team/a",
      mountPath: "transit",
      keyName: "k1",
      login: { token: "hvs.marked-secret" },
      caCertificate: undefined,
    });
  });

  it.for([
    ["a token", { token: "t" }, { token: "t" }],
    ["a token of a file", { token: "hvs.t\n" }, { token: "hvs.t" }],
    [
      "AppRole",
      { roleId: "r", secretId: "s\r\n" },
      { path: "/v1/auth/approle/login", body: { role_id: "r", secret_id: "s" } },
    ],
    [
      "AppRole elsewhere",
      { roleId: "r", secretId: "s", authMountPath: "a/b" },
      { path: "/v1/auth/a/b/login", body: { role_id: "r", secret_id: "s" } },
    ],
    [
      "JWT",
      { jwt: "a.b.c", role: "proxy" },
      { path: "/v1/auth/jwt/login", body: { jwt: "a.b.c", role: "proxy" } },
    ],
    ["null for absent", { token: "t", roleId: null, jwt: null }, { token: "t" }],
  ] as const)("log in with %s", ([, credentials, login]) => {
    expect(parseVaultOptions({ keyPath: KEY_PATH, credentials }).login).toEqual(login);
  });

  it("may lead to the port that Vault listens on", () => {
    const keyPath = { ...KEY_PATH, address: "https://vault.example.com:8200/" };

    expect(parseVaultOptions({ keyPath, credentials: TOKEN }).address.port).toBe(8200);
  });

  it("may bring certificates, with whatever stands around them", async () => {
    const [{ cert: one }, { cert: two }] = [await makeCertificate("a"), await makeCertificate("b")];
    const credentials = { ...TOKEN, caCertificate: `# first\n${one}\n# second\r\n${two}` };

    const { caCertificate } = parseVaultOptions({ keyPath: KEY_PATH, credentials });

    expect(caCertificate?.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(caCertificate).not.toContain("#");
  });
});

describe("a key path that cannot be used", () => {
  it.for([
    ["missing", undefined, "keyPath must be an object"],
    ["no address", { ...KEY_PATH, address: undefined }, "keyPath.address must be a text"],
    [
      "inside",
      { ...KEY_PATH, address: "https://10.0.0.1:8200" },
      "keyPath.address: the host is in",
    ],
    [
      "plain HTTP",
      { ...KEY_PATH, address: "http://vault.example.com:8200" },
      "begin with https://",
    ],
    ["odd port", { ...KEY_PATH, address: "https://vault.example.com:22" }, "port 22 is not"],
    ["a path", { ...KEY_PATH, address: "https://vault.example.com/v1" }, "must be an origin"],
    ["no mount path", { ...KEY_PATH, mountPath: undefined }, "keyPath.mountPath must be a text"],
    ["no key name", { ...KEY_PATH, keyName: "" }, "keyPath.keyName must not be empty"],
    ["a number", { ...KEY_PATH, keyName: 5 }, "keyPath.keyName must be a text"],
    ["a long name", { ...KEY_PATH, keyName: "k".repeat(256) }, "at most 255 characters"],
    ["a megabyte", { ...KEY_PATH, mountPath: "m".repeat(1_048_576) }, "at most 255 characters"],
  ] as const)("is refused: %s", ([, keyPath, message]) => {
    expect(() => parseVaultOptions({ keyPath, credentials: TOKEN })).toThrow(message);
  });

  it.for([
    "..",
    ".",
    "../sys",
    "transit/../sys",
    "transit/..",
    "transit/.",
    "transit/./x",
    "/transit",
    "transit/",
    "a//b",
    "a\\b",
    "a%2fb",
    "a%2e%2e",
    "a?b",
    "a#b",
    "a b",
    "a;b",
    "ä",
    "a\r\nx-vault-token: other",
    "a\0b",
    ".hidden",
    "-flag",
  ])("is refused: a path trick, %j", (trick) => {
    for (const member of ["mountPath", "namespace"]) {
      expect(() =>
        parseVaultOptions({ keyPath: { ...KEY_PATH, [member]: trick }, credentials: TOKEN }),
      ).toThrow(`keyPath.${member} must`);
    }
    expect(() =>
      parseVaultOptions({ keyPath: { ...KEY_PATH, keyName: trick }, credentials: TOKEN }),
    ).toThrow("keyPath.keyName must");
    expect(() =>
      parseVaultOptions({
        keyPath: KEY_PATH,
        credentials: { roleId: "r", secretId: "s", authMountPath: trick },
      }),
    ).toThrow("credentials.authMountPath must");
  });

  it("is refused: a key name with a slash", () => {
    const keyPath = { ...KEY_PATH, keyName: "k1/../k2" };

    expect(() => parseVaultOptions({ keyPath, credentials: TOKEN })).toThrow(
      "keyPath.keyName must",
    );
  });
});

describe("credentials that cannot be used", () => {
  it.for([
    ["missing", undefined, "credentials must be an object"],
    ["none", {}, "credentials must hold exactly one of"],
    ["two kinds", { ...TOKEN, jwt: "a.b.c", role: "r" }, "exactly one of"],
    ["an empty token", { token: "" }, "credentials.token must not be empty"],
    ["a token with a header", { token: "hvs.marked\r\nx: y" }, "must not have control characters"],
    ["a token with a blank", { token: "hvs. marked" }, "credentials.token must be printable ASCII"],
    ["a token of a megabyte", { token: "x".repeat(1_048_576) }, "at most 16384 characters"],
    ["a token that is an object", { token: {} }, "credentials.token must be a text"],
    ["half an AppRole", { roleId: "r" }, "credentials.secretId must be a text"],
    ["the other half", { secretId: "s" }, "exactly one of"],
    ["half a JWT", { jwt: "a.b.c" }, "credentials.role must be a text"],
    ["a role alone", { role: "r" }, "exactly one of"],
    ["no certificate", { ...TOKEN, caCertificate: "x" }, "credentials.caCertificate must be"],
    [
      "a broken certificate",
      {
        ...TOKEN,
        caCertificate: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
      },
      "credentials.caCertificate must be certificates in PEM form",
    ],
  ] as const)("are refused: %s", ([, credentials, message]) => {
    const parse = () => parseVaultOptions({ keyPath: KEY_PATH, credentials });

    expect(parse).toThrow(message);
    expect(parse).toThrow(expect.objectContaining({ code: "KMS_CONFIG_INVALID", driver: "vault" }));
    expect(parse).not.toThrow("marked");
  });
});

describe("the operator's policy", () => {
  it("decides where the address may lead", () => {
    const policy = new AddressPolicy({ allowedHosts: ["http://127.0.0.1:8200"] });
    const keyPath = { ...KEY_PATH, address: "http://127.0.0.1:8200" };

    expect(parseVaultOptions({ keyPath, credentials: TOKEN, policy }).address.tls).toBe(false);
    expect(() => parseVaultOptions({ keyPath, credentials: TOKEN })).toThrow("keyPath.address:");
  });
});
