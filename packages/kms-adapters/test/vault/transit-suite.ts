import { randomBytes, randomUUID, type webcrypto } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { exportSPKI, generateKeyPair, SignJWT } from "jose";
import { expect, it, onTestFinished } from "vitest";
import { failure } from "../../src/conformance/probes.ts";
import { describeKmsDriver } from "../../src/conformance/index.ts";
import { AddressPolicy, Kms } from "../../src/index.ts";
import { vaultKms } from "../../src/vault/index.ts";
import { openGate } from "../containers/gate.ts";
import { type RealVault, ROOT } from "./container.ts";

const DEK = randomBytes(32);

/** What the driver promises of a transit engine, at a server of HashiCorp's API. Inside a suite. */
export function describeTransit(name: string, vault: RealVault): void {
  async function newKey(options: object = {}): Promise<string> {
    const keyName = `key-${randomUUID()}`;
    await vault.api("POST", `transit/keys/${keyName}`, options);
    return keyName;
  }

  /** A policy that allows these operations on this key, `create` left out on purpose. */
  async function newPolicy(keyName: string, ...verbs: readonly string[]): Promise<string> {
    const name = `policy-${randomUUID()}`;
    const rules = verbs.map(
      (verb) => `path "transit/${verb}/${keyName}" { capabilities = ["update"] }`,
    );
    await vault.api("POST", `sys/policies/acl/${name}`, { policy: rules.join("\n") });
    return name;
  }

  function open(
    keyName: string,
    credentials: object = { token: ROOT },
    change: object = {},
    port: number = vault.port(),
  ): Kms {
    const address = `http://127.0.0.1:${port}`;
    const kms = new Kms(
      vaultKms({
        keyPath: { address, mountPath: "transit", keyName, ...change },
        credentials,
        policy: new AddressPolicy({ allowedHosts: [address] }),
      }),
    );
    onTestFinished(() => kms.close());
    return kms;
  }

  describeKmsDriver(`the driver of ${name}`, async () => {
    const gate = await openGate(vault.host(), vault.port());
    const address = `http://127.0.0.1:${gate.port}`;
    const policy = new AddressPolicy({ allowedHosts: [address] });
    const driver = async () => {
      const keyPath = { address, mountPath: "transit", keyName: await newKey() };
      return vaultKms({ keyPath, credentials: { token: ROOT }, policy });
    };
    return {
      drivers: async () => [await driver(), await driver()],
      stall: gate.stall,
      peakSockets: gate.peakSockets,
      maxSockets: 64,
      dispose: gate.close,
    };
  });

  it("opens with the server's own API what the driver wrapped, and the other way round", async () => {
    const keyName = await newKey();
    const kms = open(keyName);

    const ciphertext = (await kms.wrap(DEK)).toString("ascii");
    const opened = await vault.api("POST", `transit/decrypt/${keyName}`, { ciphertext });
    expect(opened.data["plaintext"]).toBe(DEK.toString("base64"));

    const plaintext = DEK.toString("base64");
    const made = await vault.api("POST", `transit/encrypt/${keyName}`, { plaintext });
    const key = await kms.unwrap(Buffer.from(String(made.data["ciphertext"]), "ascii"));
    expect(key.equals(DEK)).toBe(true);
  });

  it("wraps with the newest key version and unwraps with older ones", async () => {
    const keyName = await newKey();
    const kms = open(keyName);
    const before = await kms.wrap(DEK);

    await vault.api("POST", `transit/keys/${keyName}/rotate`, {});

    expect((await kms.wrap(DEK)).toString()).toMatch(/^vault:v2:/);
    expect((await kms.unwrap(before)).equals(DEK)).toBe(true);
  });

  it("says that a key version was retired", async () => {
    const keyName = await newKey();
    const kms = open(keyName);
    const before = await kms.wrap(DEK);
    await vault.api("POST", `transit/keys/${keyName}/rotate`, {});
    await vault.api("POST", `transit/keys/${keyName}/config`, { min_decryption_version: 2 });

    expect(await failure(kms.unwrap(before))).toBe("KMS_KEY_UNAVAILABLE");
  });

  it.for([
    ["a key that is not there", { keyName: "missing" }, "KMS_CONFIG_INVALID"],
    ["a mount that is not there", { mountPath: "nowhere" }, "KMS_CONFIG_INVALID"],
  ] as const)("says that the configuration is wrong: %s", async ([, change, code]) => {
    const keyName = await newKey();
    const wrapped = await open(keyName).wrap(DEK);

    expect(await failure(open(keyName, { token: ROOT }, change).unwrap(wrapped))).toBe(code);
  });

  it.for([{ type: "ed25519" }, { derived: true }])(
    "says that a key of this kind cannot wrap: %j",
    async (options) => {
      expect(await failure(open(await newKey(options)).wrap(DEK))).toBe("KMS_CONFIG_INVALID");
    },
  );

  it("says that a token is not known, and shows no token", async () => {
    const error = await open(await newKey(), { token: "hvs.not-a-token" })
      .wrap(DEK)
      .catch((error: unknown) => error);

    expect(error).toMatchObject({
      code: "KMS_AUTH_FAILED",
      httpStatus: 403,
      message: expect.stringContaining("Code: HTTP 403, permission denied"),
    });
    expect(String(error)).not.toContain("hvs.not-a-token");
  });

  it.for([
    ["encrypt", "wrap"],
    ["decrypt", "unwrap"],
  ] as const)("says that only %s is allowed", async ([verb, operation]) => {
    const keyName = await newKey();
    const wrapped = await open(keyName).wrap(DEK);
    const policies = [await newPolicy(keyName, verb)];
    const { token } = await newToken({ policies });
    const kms = open(keyName, { token });

    const [wrap, unwrap] = [await failure(kms.wrap(DEK)), await failure(kms.unwrap(wrapped))];

    expect({ wrap, unwrap }).toEqual({
      wrap: "KMS_AUTH_FAILED",
      unwrap: "KMS_AUTH_FAILED",
      [operation]: "OK",
    });
  });

  it("keeps a token alive beyond its life", async () => {
    const keyName = await newKey();
    const policies = [await newPolicy(keyName, "encrypt")];
    const { token } = await newToken({ policies, period: "3s" });
    const kms = open(keyName, { token });
    await kms.wrap(DEK);

    await delay(5_000);

    expect(await failure(kms.wrap(DEK))).toBe("OK");
  });

  it("stops a batch for nobody's sake but the one that is wrong", async () => {
    const keyName = await newKey();
    const kms = open(keyName);
    const good = await kms.wrap(DEK);
    const bad = Buffer.from(good);
    bad.writeUInt8(good.readUInt8(20) === 0x41 ? 0x42 : 0x41, 20);

    const codes = await Promise.all([good, bad, good].map((each) => failure(kms.unwrap(each))));

    expect(codes).toEqual(["OK", "KMS_CIPHERTEXT_INVALID", "OK"]);
  });

  it("logs in with AppRole, and again when the token was revoked", async () => {
    const keyName = await newKey();
    const { credentials } = await newAppRole(keyName, "10m");
    const kms = open(keyName, credentials);
    const wrapped = await kms.wrap(DEK);

    await revokeAll("approle");

    expect((await kms.unwrap(wrapped)).equals(DEK)).toBe(true);
  });

  it("keeps an AppRole token alive, and replaces it at the end of its longest life", async () => {
    const keyName = await newKey();
    const { credentials } = await newAppRole(keyName, "2s", "4s");
    const kms = open(keyName, credentials);

    for (let second = 0; second < 7; second += 1) {
      expect(await failure(kms.wrap(DEK))).toBe("OK");
      await delay(1_000);
    }
  });

  it("says that the secret id was destroyed", async () => {
    const keyName = await newKey();
    const { credentials, role } = await newAppRole(keyName, "10m");
    const { secretId } = credentials;
    await vault.api("POST", `auth/approle/role/${role}/secret-id/destroy`, { secret_id: secretId });

    const error = await open(keyName, credentials)
      .wrap(DEK)
      .catch((error: unknown) => error);

    expect(error).toMatchObject({ code: "KMS_AUTH_FAILED", httpStatus: 400 });
    expect(String(error)).toContain("invalid role or secret ID");
    expect(String(error)).not.toContain(secretId);
  });

  it("says that there is no auth method where it was told to log in", async () => {
    const credentials = { roleId: "r", secretId: "s", authMountPath: "nowhere" };

    expect(await failure(open(await newKey(), credentials).wrap(DEK))).toBe("KMS_AUTH_FAILED");
  });

  it("logs in with a signed JWT, and not with one of another signer", async () => {
    const keyName = await newKey();
    const { sign, role } = await newJwtRole(keyName);

    expect(await failure(open(keyName, { role, jwt: await sign() }).wrap(DEK))).toBe("OK");
    const strange = (await generateKeyPair("ES256")).privateKey;
    const forged = { role, jwt: await sign(strange) };
    expect(await failure(open(keyName, forged).wrap(DEK))).toBe("KMS_AUTH_FAILED");
  });

  it("is opened by the command of the recovery guide", async () => {
    const keyName = await newKey();
    const wrapped = await open(keyName).wrap(DEK);

    const printed = await vault.command(
      vault.program,
      "write",
      "-field=plaintext",
      `transit/decrypt/${keyName}`,
      `ciphertext=${wrapped.toString("ascii")}`,
    );

    expect(printed.trim()).toBe(DEK.toString("base64"));
  });

  async function newToken(options: object): Promise<{ token: string }> {
    const response = await fetch(`${vault.origin()}/v1/auth/token/create`, {
      method: "POST",
      headers: { "x-vault-token": ROOT },
      body: JSON.stringify(options),
    });
    const { auth } = (await response.json()) as { auth: { client_token: string } };
    return { token: auth.client_token };
  }

  async function newAppRole(keyName: string, ttl: string, maxTtl: string = "1h") {
    await vault.api("POST", "sys/auth/approle", { type: "approle" }).catch(() => {});
    const role = `role-${randomUUID()}`;
    await vault.api("POST", `auth/approle/role/${role}`, {
      token_policies: await newPolicy(keyName, "encrypt", "decrypt"),
      token_ttl: ttl,
      token_max_ttl: maxTtl,
    });
    const id = await vault.api("GET", `auth/approle/role/${role}/role-id`);
    const secret = await vault.api("POST", `auth/approle/role/${role}/secret-id`, {});
    const credentials = {
      roleId: String(id.data["role_id"]),
      secretId: String(secret.data["secret_id"]),
    };
    return { role, credentials };
  }

  async function newJwtRole(keyName: string) {
    await vault.api("POST", "sys/auth/jwt", { type: "jwt" }).catch(() => {});
    const { privateKey, publicKey } = await generateKeyPair("ES256");
    const keys = [await exportSPKI(publicKey)];
    await vault.api("POST", "auth/jwt/config", { jwt_validation_pubkeys: keys });
    const role = `role-${randomUUID()}`;
    await vault.api("POST", `auth/jwt/role/${role}`, {
      role_type: "jwt",
      bound_audiences: ["vault"],
      user_claim: "sub",
      token_policies: [await newPolicy(keyName, "encrypt")],
    });
    const sign = (key: webcrypto.CryptoKey = privateKey) =>
      new SignJWT({})
        .setProtectedHeader({ alg: "ES256" })
        .setSubject("proxy")
        .setAudience("vault")
        .setIssuedAt()
        .setExpirationTime("5m")
        .sign(key);
    return { role, sign };
  }

  /** Revokes every token that this auth method gave out. */
  async function revokeAll(method: string): Promise<void> {
    await vault.api("POST", `sys/leases/revoke-prefix/auth/${method}`, {});
  }
}
