import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { failure } from "../../src/conformance/probes.ts";
import type { KmsError } from "../../src/index.ts";
import { cut, drop, hang, html, redirect, reply } from "../fakes/mischief.ts";
import { APP_ROLE, JWT } from "../fakes/vault.ts";
import { start, until } from "./fake-driver.ts";

const DEK = randomBytes(32);

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

function auth(token: string, seconds: unknown = 60): object {
  return { auth: { client_token: token, lease_duration: seconds, renewable: true } };
}
