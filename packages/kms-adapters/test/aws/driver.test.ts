import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { awsKms } from "../../src/aws/index.ts";
import { describeKmsDriver } from "../../src/conformance/index.ts";
import { failure } from "../../src/conformance/probes.ts";
import { PAIR, ROLE, startFakeAws } from "../fakes/aws.ts";
import { cut, drop, hang, html, redirect, reply } from "../fakes/mischief.ts";
import { makeCertificate, startVendorServer } from "../fakes/vendor-server.ts";
import { poison } from "./ambient.ts";
import { driverOf, KEY, start } from "./fake-driver.ts";

const DEK = randomBytes(32);
const OTHER = KEY.replace("1234abcd", "ffffffff");
const AS_ROLE = { ...PAIR, roleArn: ROLE, externalId: "tenant-42" };

describeKmsDriver("aws, against a fake", async () => {
  const aws = await startFakeAws();
  return {
    drivers: async () => [driverOf(aws), driverOf(aws, { keyPath: { keyID: OTHER } })],
    stall: () => aws.misbehave("/", ...Array.from({ length: 10 }, () => hang)),
    peakSockets: aws.mostOpen,
    maxSockets: 32,
    dispose: aws.close,
  };
});

describe("a request", () => {
  it("names the key both ways, and is made once", async () => {
    const { aws, kms } = await start();

    await kms.unwrap(await kms.wrap(DEK));

    expect(aws.requests).toHaveLength(2);
    expect(JSON.parse(aws.calls("Encrypt")[0]?.body ?? "")).toEqual({
      KeyId: KEY,
      EncryptionContext: {},
      Plaintext: DEK.toString("base64"),
    });
    expect(JSON.parse(aws.calls("Decrypt")[0]?.body ?? "")).toMatchObject({ KeyId: KEY });
  });

  it("is signed for the region of the key, with the key pair of the configuration", async () => {
    const { aws, open } = await start();

    await open({ credentials: { ...PAIR, sessionToken: "marked-token" } }).wrap(DEK);

    const headers = aws.requests[0]?.headers;
    expect(headers?.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIAEXAMPLEEXAMPLE00\/\d{8}\/eu-central-1\/kms\/aws4_request/,
    );
    expect(headers?.["x-amz-security-token"]).toBe("marked-token");
  });

  it("is saved when the ciphertext is longer than AWS takes", async () => {
    const { aws, kms } = await start();

    expect(await failure(kms.unwrap(Buffer.alloc(6_145)))).toBe("KMS_CIPHERTEXT_INVALID");
    expect(aws.requests).toHaveLength(0);
  });

  it("goes over TLS to a certificate that is trusted, else not at all", async () => {
    const certificate = await makeCertificate("localhost");
    const { aws, kms, open } = await start({ certificate });

    expect(await failure(kms.wrap(DEK))).toBe("KMS_UNREACHABLE");
    expect(aws.requests).toHaveLength(0);

    const trusting = open({ credentials: AS_ROLE, caCertificate: certificate.cert });
    expect(await failure(trusting.wrap(DEK))).toBe("OK");
  });
});

describe("settings of the environment", () => {
  it("lead nowhere and lend no credentials", async () => {
    const trap = await startVendorServer(() => ({ status: 200, body: {} }));
    onTestFinished(trap.close);
    poison(`http://127.0.0.1:${trap.port}`);
    const { aws, kms, open } = await start();

    expect((await kms.unwrap(await kms.wrap(DEK))).equals(DEK)).toBe(true);
    expect(await failure(open({ credentials: AS_ROLE }).wrap(DEK))).toBe("OK");

    expect(trap.connections()).toBe(0);
    expect(aws.requests.map(({ headers }) => headers.authorization).join()).not.toContain(
      "AKIAPOISON",
    );
    expect(aws.requests.some(({ headers }) => headers["x-amz-security-token"] === "poison")).toBe(
      false,
    );
  });

  it("do not complete half a key pair", () => {
    poison("http://127.0.0.1:1");

    for (const credentials of [{}, { accessKeyId: "AKIAEXAMPLEEXAMPLE00" }]) {
      expect(() => awsKms({ keyPath: { keyID: KEY }, credentials })).toThrow("must be a text");
    }
  });
});

describe("an answer for another key", () => {
  it.for([
    ["another key", OTHER],
    ["another account", KEY.replace("111122223333", "999999999999")],
    ["another region", KEY.replace("eu-central-1", "eu-west-1")],
    ["no ARN", "1234abcd-12ab-34cd-56ef-1234567890ab"],
    ["no key at all", undefined],
  ] as const)("is refused both ways: %s", async ([, KeyId]) => {
    const { aws, kms } = await start();
    const wrapped = await kms.wrap(DEK);
    aws.misbehave("/", reply(200, { KeyId, CiphertextBlob: "QUFBQQ==" }));
    aws.misbehave("/", reply(200, { KeyId, Plaintext: DEK.toString("base64") }));

    expect(await failure(kms.wrap(DEK))).toBe("KMS_RESPONSE_INVALID");
    expect(await failure(kms.unwrap(wrapped))).toBe("KMS_RESPONSE_INVALID");
  });
});

describe("an answer that cannot be used", () => {
  it.for([
    ["HTML", html, "KMS_RESPONSE_INVALID"],
    ["an HTML error", reply(403, "<html>"), "KMS_RESPONSE_INVALID"],
    ["an HTML error of a gateway", reply(502, "<html>"), "KMS_UNREACHABLE"],
    ["cut in the middle", cut, "KMS_RESPONSE_INVALID"],
    ["a redirect", redirect("http://169.254.169.254/"), "KMS_RESPONSE_INVALID"],
    ["a list", reply(200, []), "KMS_RESPONSE_INVALID"],
    ["empty", reply(200, ""), "KMS_RESPONSE_INVALID"],
    ["without ciphertext", reply(200, { KeyId: KEY }), "KMS_RESPONSE_INVALID"],
    ["an empty ciphertext", reply(200, { KeyId: KEY, CiphertextBlob: "" }), "KMS_RESPONSE_INVALID"],
    ["an error without a name", reply(400, {}), "KMS_UNKNOWN"],
    ["an unknown error", reply(400, { __type: "Odd", message: "odd" }), "KMS_UNKNOWN"],
    ["throttled", reply(400, { __type: "ThrottlingException" }), "KMS_THROTTLED"],
    [
      "throttled for a while",
      reply(429, { __type: "TooManyRequestsException" }, { "retry-after": "1" }),
      "KMS_THROTTLED",
    ],
  ] as const)("of a wrap: %s", async ([, mischief, code]) => {
    const { aws, kms } = await start();
    aws.misbehave("/", mischief, mischief);
    const before = aws.requests.length;

    expect(await failure(kms.wrap(DEK))).toBe(code);
    expect(aws.requests.length - before).toBe(code === "KMS_UNREACHABLE" ? 2 : 1);
  });

  it.for([
    ["without plaintext", {}],
    ["empty", { Plaintext: "" }],
    ["too long", { Plaintext: Buffer.alloc(65).toString("base64") }],
  ] as const)("of an unwrap: %s", async ([, change]) => {
    const { aws, kms } = await start();
    const wrapped = await kms.wrap(DEK);
    aws.misbehave("/", reply(200, { KeyId: KEY, ...change }));

    expect(await failure(kms.unwrap(wrapped))).toBe("KMS_RESPONSE_INVALID");
  });

  it("is asked for once more when the connection broke", async () => {
    const { aws, kms } = await start();
    aws.misbehave("/", drop);

    expect(await failure(kms.wrap(DEK))).toBe("OK");
    aws.misbehave("/", drop, drop);
    expect(await failure(kms.wrap(DEK))).toBe("KMS_UNREACHABLE");
    expect(aws.requests).toHaveLength(4);
  });
});

describe("what an error shows to a logger that shows everything", () => {
  it("is no secret, no key and no ciphertext", async () => {
    const { aws, open } = await start();
    const credentials = { ...PAIR, sessionToken: "marked-token" };
    const kms = open({ credentials });
    const wrapped = await kms.wrap(DEK);
    aws.misbehave("/", reply(400, { __type: "DisabledException", message: "disabled" }));
    aws.misbehave("/", reply(400, { __type: "InvalidCiphertextException" }));
    aws.misbehave("/", drop, drop);

    const errors = [
      await kms.wrap(DEK).catch((error: unknown) => error),
      await kms.unwrap(wrapped).catch((error: unknown) => error),
      await kms.wrap(DEK).catch((error: unknown) => error),
    ];

    const shown = errors.map((error) => inspect(error, { depth: 20, showHidden: true })).join("\n");
    expect(errors.every((error) => error instanceof Error)).toBe(true);
    for (const secret of [
      PAIR.secretAccessKey,
      "marked-token",
      DEK.toString("base64"),
      DEK.toString("hex").slice(0, 32),
      wrapped.toString("base64"),
    ]) {
      expect(shown).not.toContain(secret);
    }
  });
});

describe("what a message shows", () => {
  it("is AWS's code and wording, and no secret", async () => {
    const { aws, kms } = await start();
    aws.misbehave(
      "/",
      reply(400, { __type: "DisabledException", message: `${KEY} is disabled.` }),
      reply(400, { __type: "InvalidSignatureException", message: PAIR.secretAccessKey }),
    );

    await expect(kms.wrap(DEK)).rejects.toThrow(
      `aws wrap failed: Code: DisabledException, ${KEY} is disabled. Enable or restore the key`,
    );
    await expect(kms.wrap(DEK)).rejects.toThrow(
      "aws wrap failed: Code: InvalidSignatureException. Check that the credentials are right",
    );
  });
});
