import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { describeKmsDriver } from "../../src/conformance/index.ts";
import { failure } from "../../src/conformance/probes.ts";
import { AddressPolicy, Kms, type KmsError } from "../../src/index.ts";
import { vaultKms } from "../../src/vault/index.ts";
import { cut, drop, hang, html, redirect, reply } from "../fakes/mischief.ts";
import {
  APP_ROLE,
  type FakeVault,
  type FakeVaultOptions,
  JWT,
  startFakeVault,
} from "../fakes/vault.ts";
import { makeCertificate } from "../fakes/vendor-server.ts";

const DEK = randomBytes(32);
const TOKEN = { token: "static-token" };

describeKmsDriver("vault, against a fake", async () => {
  const vault = await startFakeVault();
  return {
    drivers: async () => [driverOf(vault, { keyName: "k1" }), driverOf(vault, { keyName: "k2" })],
    stall: () => {
      for (const verb of ["/k1", "/k2"]) vault.misbehave(verb, hang, hang, hang, hang);
    },
    peakSockets: vault.mostOpen,
    dispose: vault.close,
  };
});

describe("a request", () => {
  it("goes to the key under its mount, with token and namespace", async () => {
    const { kms, vault } = await start({
      keyPath: { mountPath: "teams/a/transit", keyName: "k.1-x", namespace: "ns/child" },
    });

    await kms.wrap(DEK);

    expect(calls(vault)).toEqual(["POST /v1/teams/a/transit/encrypt/k.1-x"]);
    expect(vault.requests.find(isTransit)?.headers).toMatchObject({
      "content-type": "application/json",
      "x-vault-token": "static-token",
      "x-vault-namespace": "ns/child",
      "x-vault-request": "true",
    });
    expect(vault.requests.find(isTransit)?.body).toBe(
      JSON.stringify({ plaintext: DEK.toString("base64") }),
    );
  });

  it("has no namespace header without a namespace", async () => {
    const { kms, vault } = await start({});

    await kms.wrap(DEK);

    expect(vault.requests.find(isTransit)?.headers).not.toHaveProperty("x-vault-namespace");
  });

  it("is saved when the ciphertext cannot be Vault's", async () => {
    const { kms, vault } = await start({});
    const good = (await kms.wrap(DEK)).toString();
    const before = vault.requests.length;

    for (const bad of [
      "vault:v1:",
      "vault:v0:AAAA",
      "vault:v01:AAAA",
      "vault:v99999999999:AAAA",
      "vault:v1:AAA",
      "vault:v1:AAB=",
      "vault:v1:AA-_",
      "Vault:v1:AAAA",
      "vault:v1:AAAA\n",
      'vault:v1:AAAA","x":"',
      `${good} `,
      good.slice(1),
    ]) {
      expect([bad, await failure(kms.unwrap(Buffer.from(bad)))]).toEqual([
        bad,
        "KMS_CIPHERTEXT_INVALID",
      ]);
    }
    expect(vault.requests).toHaveLength(before);
  });

  it("trusts the authority of the configuration and no other", async () => {
    const certificate = await makeCertificate("localhost");
    const other = await makeCertificate("localhost");
    const vault = await start({ options: { certificate } });
    const trusting = vault.open({ ...TOKEN, caCertificate: certificate.cert });
    const others = vault.open({ ...TOKEN, caCertificate: other.cert });

    expect(await failure(trusting.wrap(DEK))).toBe("OK");
    expect(await failure(others.wrap(DEK))).toBe("KMS_UNREACHABLE");
    expect(await failure(vault.open(TOKEN).wrap(DEK))).toBe("KMS_UNREACHABLE");
  });
});

describe("calls made at the same time", () => {
  it("share requests of at most 128 items", async () => {
    const { kms, vault } = await start({});

    await Promise.all(Array.from({ length: 300 }, () => kms.wrap(DEK)));

    expect(calls(vault)).toHaveLength(3);
    expect(vault.mostBatched()).toBe(128);
  });

  it("go one by one to a server that knows no batches", async () => {
    const { kms, vault } = await start({ options: { old: true } });

    const wrapped = await Promise.all(Array.from({ length: 5 }, () => kms.wrap(DEK)));
    const opened = await Promise.all(wrapped.map((each) => kms.unwrap(each)));

    expect(opened.every((key) => key.equals(DEK))).toBe(true);
    // One batch that was not understood, five single wraps, and five unwraps without a try.
    expect(calls(vault)).toHaveLength(11);
  });

  it("are batched on after a batch of which nothing could be done", async () => {
    const { kms, vault } = await start({});
    const bad = reply(400, { errors: ["encryption key not found"] });
    vault.misbehave("/k1", bad, bad, bad);
    const failed = await Promise.all([failure(kms.wrap(DEK)), failure(kms.wrap(DEK))]);
    expect(failed).toEqual(["KMS_CONFIG_INVALID", "KMS_CONFIG_INVALID"]);

    await Promise.all([kms.wrap(DEK), kms.wrap(DEK)]);

    expect(vault.mostBatched()).toBe(2);
  });

  it("fail one by one", async () => {
    const { kms } = await start({});
    const good = await kms.wrap(DEK);
    const bad = Buffer.from(good);
    bad.write("AAAA", 20);

    const codes = await Promise.all([good, bad, good].map((each) => failure(kms.unwrap(each))));

    expect(codes).toEqual(["OK", "KMS_CIPHERTEXT_INVALID", "OK"]);
  });

  it("are left one by one, and the rest goes on", async () => {
    const { kms } = await start({});
    const controller = new AbortController();

    const left = failure(kms.wrap(DEK, controller.signal));
    const stayed = failure(kms.wrap(DEK));
    controller.abort();

    expect(await left).toBe("KMS_ABORTED");
    expect(await stayed).toBe("OK");
  });

  it("end the request when all have left", async () => {
    const { kms, vault } = await start({});
    vault.misbehave("/k1", hang);
    const controller = new AbortController();
    const both = [kms.wrap(DEK, controller.signal), kms.wrap(DEK, controller.signal)].map(failure);
    await until(() => vault.requests.some(isTransit));

    controller.abort();

    expect(await Promise.all(both)).toEqual(["KMS_ABORTED", "KMS_ABORTED"]);
    await until(() => vault.openNow() === 0);
  });

  it("all learn that the whole request failed", async () => {
    const { kms, vault } = await start({});
    const sealed = reply(503, { errors: ["Vault is sealed"] });
    vault.misbehave("/k1", sealed, sealed);

    const codes = await Promise.all([kms.wrap(DEK), kms.wrap(DEK)].map(failure));

    expect(codes).toEqual(["KMS_UNREACHABLE", "KMS_UNREACHABLE"]);
  });
});

describe("a log-in", () => {
  it.for([
    ["AppRole", APP_ROLE, "/v1/auth/approle/login"],
    [
      "AppRole elsewhere",
      { ...APP_ROLE, authMountPath: "team/approle" },
      "/v1/auth/team/approle/login",
    ],
    ["JWT", JWT, "/v1/auth/jwt/login"],
  ] as const)("by %s happens once for many calls", async ([, credentials, path]) => {
    const { vault, open } = await start({});
    const kms = open(credentials);

    await Promise.all(Array.from({ length: 10 }, () => kms.wrap(DEK)));
    await kms.wrap(DEK);

    expect(vault.requests.filter((request) => request.path.endsWith("/login"))).toHaveLength(1);
    expect(vault.requests[0]).toMatchObject({ path, method: "POST" });
    expect(vault.requests[0]?.headers).not.toHaveProperty("x-vault-token");
  });

  it.for([{ old: false }, { old: true }])(
    "is repeated once when the token has come to its end (%j)",
    async (options) => {
      const { vault, open } = await start({ options });
      const kms = open(APP_ROLE);
      const wrapped = await kms.wrap(DEK);
      vault.tokens.clear();

      const codes = await Promise.all([1, 2, 3].map(() => failure(kms.unwrap(wrapped))));

      expect(codes).toEqual(["OK", "OK", "OK"]);
      expect(vault.requests.filter((request) => request.path.endsWith("/login"))).toHaveLength(2);
    },
  );

  it("is not repeated when only the permission is missing", async () => {
    const { vault, open } = await start({});
    const kms = open(APP_ROLE, { keyName: "denied" });

    expect(await failure(kms.wrap(DEK))).toBe("KMS_AUTH_FAILED");
    expect(await failure(kms.wrap(DEK))).toBe("KMS_AUTH_FAILED");
    expect(vault.requests.filter((request) => request.path.endsWith("/login"))).toHaveLength(1);
  });

  it.for([
    ["wrong", reply(400, { errors: ["invalid role or secret ID"] }), "KMS_AUTH_FAILED"],
    ["limited", reply(429, { errors: ["rate limit quota exceeded"] }), "KMS_THROTTLED"],
    ["an answer without a token", reply(200, { auth: null }), "KMS_RESPONSE_INVALID"],
    ["a token no header takes", reply(200, auth("a\nb")), "KMS_RESPONSE_INVALID"],
    ["a life of nonsense", reply(200, auth("t", "long")), "KMS_RESPONSE_INVALID"],
    ["a page", html, "KMS_RESPONSE_INVALID"],
    ["a redirect", redirect("http://169.254.169.254/"), "KMS_RESPONSE_INVALID"],
  ] as const)("that fails is explained: %s", async ([, mischief, code]) => {
    const { vault, open } = await start({});
    vault.misbehave("/login", mischief);

    const error = (await open(APP_ROLE)
      .wrap(DEK)
      .catch((error: unknown) => error)) as KmsError;

    expect(error.code).toBe(code);
    expect(error.message).not.toContain(APP_ROLE.secretId);
  });

  it("that fails for lack of a server is repeated once by Kms", async () => {
    const { vault, open } = await start({});
    vault.misbehave("/login", reply(500, { errors: ["internal error"] }), drop);

    expect(await failure(open(APP_ROLE).wrap(DEK))).toBe("KMS_UNREACHABLE");
    expect(vault.requests).toHaveLength(2);
    expect(await failure(open(APP_ROLE).wrap(DEK))).toBe("OK");
  });

  it("does not hold a caller who gives up", async () => {
    const { vault, open } = await start({});
    vault.misbehave("/login", hang);
    const controller = new AbortController();
    const call = failure(open(APP_ROLE).wrap(DEK, controller.signal));
    await until(() => vault.requests.length === 1);

    controller.abort();

    expect(await call).toBe("KMS_ABORTED");
  });
});

describe("an answer that cannot be used", () => {
  it.for([
    ["HTML", html, "KMS_RESPONSE_INVALID"],
    ["cut in the middle", cut, "KMS_RESPONSE_INVALID"],
    ["a redirect to inside", redirect("http://127.0.0.1/"), "KMS_RESPONSE_INVALID"],
    ["without data", reply(200, {}), "KMS_RESPONSE_INVALID"],
    ["an array", reply(200, []), "KMS_RESPONSE_INVALID"],
    ["without ciphertext", reply(200, { data: { plaintext: "QQ==" } }), "KMS_RESPONSE_INVALID"],
    ["a number", reply(200, { data: { ciphertext: 1 } }), "KMS_RESPONSE_INVALID"],
    ["another form", reply(200, { data: { ciphertext: "AAAA" } }), "KMS_RESPONSE_INVALID"],
    ["a status of its own", reply(418, { errors: ["teapot"] }), "KMS_RESPONSE_INVALID"],
    ["no JSON in a refusal", reply(403, "<html>"), "KMS_AUTH_FAILED"],
  ] as const)("of a wrap: %s", async ([, mischief, code]) => {
    const { kms, vault } = await start({});
    vault.misbehave("/k1", mischief);

    expect(await failure(kms.wrap(DEK))).toBe(code);
  });

  it.for([
    ["without plaintext", { data: {} }],
    ["empty", { data: { plaintext: "" } }],
    ["no base64", { data: { plaintext: "QQ" } }],
    ["too long", { data: { plaintext: Buffer.alloc(65).toString("base64") } }],
  ] as const)("of an unwrap: %s", async ([, body]) => {
    const { kms, vault } = await start({});
    const wrapped = await kms.wrap(DEK);
    vault.misbehave("/k1", reply(200, body));

    expect(await failure(kms.unwrap(wrapped))).toBe("KMS_RESPONSE_INVALID");
  });

  it.for([
    ["fewer results", { data: { batch_results: [{ ciphertext: "vault:v1:AAAA" }] } }],
    ["no results", { data: {} }],
  ] as const)("of a batch: %s, so each call is made alone", async ([, body]) => {
    const { kms, vault } = await start({});
    vault.misbehave("/k1", reply(200, body));

    expect(await Promise.all([kms.wrap(DEK), kms.wrap(DEK)].map(failure))).toEqual(["OK", "OK"]);
  });
});

describe("what a message shows", () => {
  it("is neither the token nor the key, even if Vault repeats them", async () => {
    const { kms, vault } = await start({});
    const plaintext = DEK.toString("base64");
    vault.misbehave("/k1", reply(400, { errors: ["bad token static-token"] }));
    vault.misbehave("/k1", reply(400, { errors: [`cannot encrypt ${plaintext}`] }));

    for (const _ of [1, 2]) {
      const error = (await kms.wrap(DEK).catch((error: unknown) => error)) as KmsError;
      expect(error.message).toContain("Code: HTTP 400");
      expect(error.message).not.toContain("static-token");
      expect(error.message).not.toContain(plaintext);
    }
  });
});

describe("what an error shows to a logger that shows everything", () => {
  it("is no secret, no key and no ciphertext", async () => {
    const { vault, open } = await start({});
    const kms = open(APP_ROLE);
    const wrapped = await kms.wrap(DEK);
    const [token] = [...vault.tokens].slice(-1);
    vault.misbehave("/k1", reply(403, { errors: ["permission denied"], echo: token }), drop, drop);
    vault.misbehave("/k1", reply(400, { errors: [`bad: ${wrapped.toString()}`] }));

    const errors = [
      await kms.wrap(DEK).catch((error: unknown) => error),
      await kms.wrap(DEK).catch((error: unknown) => error),
      await kms.unwrap(wrapped).catch((error: unknown) => error),
    ];

    const shown = errors.map((error) => inspect(error, { depth: 20, showHidden: true })).join("\n");
    expect(errors.every((error) => error instanceof Error)).toBe(true);
    for (const secret of [
      APP_ROLE.secretId,
      String(token),
      DEK.toString("base64"),
      wrapped.toString(),
    ]) {
      expect(shown).not.toContain(secret);
    }
  });
});

describe("closing", () => {
  it("closes all sockets and refuses what comes later", async () => {
    const { vault } = await start({});
    const driver = driverOf(vault, {}, APP_ROLE);
    await new Kms(driver).wrap(DEK);

    await driver.close?.();

    await until(() => vault.openNow() === 0);
    expect(await failure(new Kms(driver).wrap(DEK))).toBe("KMS_CLOSED");
  });
});

function driverOf(vault: FakeVault, keyPath: object = {}, credentials: object = TOKEN) {
  const scheme = vault.tls ? "https" : "http";
  const host = `localhost:${vault.port}`;
  return vaultKms({
    keyPath: { address: `${scheme}://${host}`, mountPath: "transit", keyName: "k1", ...keyPath },
    credentials,
    policy: new AddressPolicy({ allowedHosts: [vault.tls ? host : `http://${host}`] }),
  });
}

async function start({
  options = {},
  keyPath = {},
}: {
  readonly options?: FakeVaultOptions;
  readonly keyPath?: object;
}) {
  const vault = await startFakeVault(options);
  onTestFinished(vault.close);
  const open = (credentials: object, change: object = keyPath): Kms => {
    const kms = new Kms(driverOf(vault, change, credentials));
    onTestFinished(() => kms.close());
    return kms;
  };
  return { vault, open, kms: open(TOKEN) };
}

function auth(token: string, seconds: unknown = 60): object {
  return { auth: { client_token: token, lease_duration: seconds, renewable: true } };
}

function isTransit({ path }: { readonly path: string }): boolean {
  return /\/(?:en|de)crypt\//.test(path);
}

function calls(vault: FakeVault): string[] {
  return vault.requests.filter(isTransit).map(({ method, path }) => `${method} ${path}`);
}

async function until(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { timeout: 5_000, interval: 5 }).toBe(true);
}
