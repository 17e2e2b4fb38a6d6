import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { inspect } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { type AwsKmsOptions, awsKms } from "../../src/aws/index.ts";
import { describeKmsDriver } from "../../src/conformance/index.ts";
import { failure } from "../../src/conformance/probes.ts";
import { AddressPolicy, Kms, type KmsError } from "../../src/index.ts";
import { type FakeAws, type FakeAwsOptions, PAIR, ROLE, startFakeAws } from "../fakes/aws.ts";
import { cut, drop, hang, html, redirect, reply } from "../fakes/mischief.ts";
import { makeCertificate, startVendorServer } from "../fakes/vendor-server.ts";

const DEK = randomBytes(32);
const KEY = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
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

describe("a role", () => {
  it("is assumed once for many calls, by the key pair, with the external id", async () => {
    const { aws, open } = await start();
    const kms = open({ credentials: AS_ROLE });

    await Promise.all(Array.from({ length: 10 }, () => kms.wrap(DEK)));

    expect(aws.assumed()).toHaveLength(1);
    const asked = new URLSearchParams(aws.assumed()[0]?.body);
    expect(asked.get("RoleArn")).toBe(ROLE);
    expect(asked.get("ExternalId")).toBe("tenant-42");
    expect(aws.assumed()[0]?.headers.authorization).toContain("AKIAEXAMPLEEXAMPLE00");
    for (const { headers } of aws.calls("Encrypt")) {
      expect(headers.authorization).toContain("Credential=ASIA");
      expect(headers["x-amz-security-token"]).toBe("role-token");
    }
  });

  it("is assumed again when its credentials have expired early", async () => {
    const { aws, open } = await start();
    const kms = open({ credentials: AS_ROLE });
    const wrapped = await kms.wrap(DEK);
    aws.sessions.clear();

    const codes = await Promise.all([1, 2, 3].map(() => failure(kms.unwrap(wrapped))));

    expect(codes).toEqual(["OK", "OK", "OK"]);
    expect(aws.assumed()).toHaveLength(2);
  });

  it("is assumed ahead of the end, while the old credentials go on", async () => {
    const { aws, open } = await start({ roleSeconds: 3 });
    const kms = open({ credentials: AS_ROLE });
    await kms.wrap(DEK);
    const used = (call: number) => /Credential=(\w+)/.exec(signatureOf(aws, call))?.[1];
    await delay(2_200);

    await kms.wrap(DEK);
    expect(used(1)).toBe(used(0));

    await expect.poll(() => aws.assumed().length, { timeout: 5_000 }).toBe(2);
    await delay(100);
    await kms.wrap(DEK);
    expect(used(2)).not.toBe(used(0));
  });

  it.for([
    ["refused", stsError(403, "AccessDenied"), "KMS_AUTH_FAILED"],
    ["a wrong pair", stsError(403, "InvalidClientTokenId"), "KMS_AUTH_FAILED"],
    ["a region switched off", stsError(403, "RegionDisabledException"), "KMS_ACCOUNT_ISSUE"],
    ["throttled", stsError(400, "Throttling"), "KMS_THROTTLED"],
    ["HTML", html, "KMS_RESPONSE_INVALID"],
    [
      "no credentials",
      xml(200, "<AssumeRoleResponse></AssumeRoleResponse>"),
      "KMS_RESPONSE_INVALID",
    ],
    ["a redirect", redirect("http://169.254.169.254/"), "KMS_RESPONSE_INVALID"],
  ] as const)("that is not given is explained: %s", async ([, mischief, code]) => {
    const { aws, open } = await start();
    aws.misbehave("/", mischief);

    const error = (await open({ credentials: AS_ROLE })
      .wrap(DEK)
      .catch((error: unknown) => error)) as KmsError;

    expect(error.code).toBe(code);
    expect(error.message).not.toContain(PAIR.secretAccessKey);
  });

  it("is asked for once more when the service could not be reached", async () => {
    const { aws, open } = await start();
    aws.misbehave("/", drop);

    expect(await failure(open({ credentials: AS_ROLE }).wrap(DEK))).toBe("OK");
    expect(aws.assumed()).toHaveLength(2);
  });

  it("does not hold a caller who gives up, nor a driver that is closed", async () => {
    const { aws } = await start();
    aws.misbehave("/", hang);
    const driver = driverOf(aws, { credentials: AS_ROLE });
    const controller = new AbortController();
    const call = failure(new Kms(driver).wrap(DEK, controller.signal));
    await expect.poll(() => aws.requests.length).toBe(1);

    controller.abort();
    expect(await call).toBe("KMS_ABORTED");
    await driver.close?.();

    await expect.poll(aws.openNow).toBe(0);
    expect(await failure(new Kms(driver).wrap(DEK))).toBe("KMS_CLOSED");
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

function driverOf(aws: FakeAws, change: Partial<AwsKmsOptions> = {}) {
  const endpoint = `${aws.tls ? "https" : "http"}://localhost:${aws.port}`;
  const policy = new AddressPolicy({ allowedHosts: [endpoint.replace("https://", "")] });
  return awsKms({ keyPath: { keyID: KEY }, credentials: PAIR, policy, endpoint, ...change });
}

async function start(options: FakeAwsOptions = {}) {
  const aws = await startFakeAws(options);
  onTestFinished(aws.close);
  const open = (change: Partial<AwsKmsOptions>): Kms => {
    const kms = new Kms(driverOf(aws, change));
    onTestFinished(() => kms.close());
    return kms;
  };
  return { aws, open, kms: open({}) };
}

function signatureOf(aws: FakeAws, call: number): string {
  return aws.calls("Encrypt")[call]?.headers.authorization ?? "";
}

/** Everything that could lend the SDK an identity, an endpoint or a manner of its own. */
function poison(origin: string): void {
  const folder = mkdtempSync(join(tmpdir(), "aws-"));
  const file = join(folder, "config");
  const lines = ["[default]", "aws_access_key_id = AKIAPOISON", "aws_secret_access_key = poison"];
  const endpoints = [`endpoint_url = ${origin}`, "max_attempts = 9", "use_fips_endpoint = true"];
  writeFileSync(file, [...lines, "region = us-west-2", ...endpoints, ""].join("\n"));
  const variables: Record<string, string> = {
    AWS_ACCESS_KEY_ID: "AKIAPOISON",
    AWS_CONFIG_FILE: file,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: origin,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: origin,
    AWS_ENDPOINT_URL: origin,
    AWS_ENDPOINT_URL_KMS: origin,
    AWS_ENDPOINT_URL_STS: origin,
    AWS_MAX_ATTEMPTS: "9",
    AWS_PROFILE: "default",
    AWS_REGION: "us-west-2",
    AWS_ROLE_ARN: ROLE,
    AWS_SECRET_ACCESS_KEY: "poison",
    AWS_SESSION_TOKEN: "poison",
    AWS_SHARED_CREDENTIALS_FILE: file,
    AWS_USE_DUALSTACK_ENDPOINT: "true",
    AWS_USE_FIPS_ENDPOINT: "true",
    HTTPS_PROXY: origin,
    HTTP_PROXY: origin,
  };
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  onTestFinished(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    rmSync(folder, { recursive: true });
  });
}

function xml(status: number, body: string) {
  return reply(status, body, { "content-type": "text/xml" });
}

function stsError(status: number, code: string) {
  const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>no</Message></Error>`;
  return xml(status, `<ErrorResponse>${error}<RequestId>r</RequestId></ErrorResponse>`);
}
