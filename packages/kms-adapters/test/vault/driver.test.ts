import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { describeKmsDriver } from "../../src/conformance/index.ts";
import { failure } from "../../src/conformance/probes.ts";
import { Kms, type KmsError } from "../../src/index.ts";
import { drop, hang, reply } from "../fakes/mischief.ts";
import { APP_ROLE, startFakeVault } from "../fakes/vault.ts";
import { makeCertificate } from "../fakes/vendor-server.ts";
import { calls, driverOf, isTransit, start, TOKEN, until } from "./fake-driver.ts";

const DEK = randomBytes(32);

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
