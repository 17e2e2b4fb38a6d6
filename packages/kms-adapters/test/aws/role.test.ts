import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { failure } from "../../src/conformance/probes.ts";
import { Kms, type KmsError } from "../../src/index.ts";
import { type FakeAws, PAIR, ROLE } from "../fakes/aws.ts";
import { drop, hang, html, redirect, reply } from "../fakes/mischief.ts";
import { driverOf, start } from "./fake-driver.ts";

const DEK = randomBytes(32);
const AS_ROLE = { ...PAIR, roleArn: ROLE, externalId: "tenant-42" };

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

function signatureOf(aws: FakeAws, call: number): string {
  return aws.calls("Encrypt")[call]?.headers.authorization ?? "";
}

function xml(status: number, body: string) {
  return reply(status, body, { "content-type": "text/xml" });
}

function stsError(status: number, code: string) {
  const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>no</Message></Error>`;
  return xml(status, `<ErrorResponse>${error}<RequestId>r</RequestId></ErrorResponse>`);
}
