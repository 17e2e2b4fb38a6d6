import { randomBytes, randomUUID } from "node:crypto";
import { CreateKeyCommand } from "@aws-sdk/client-kms";
import { GetSessionTokenCommand, STSClient } from "@aws-sdk/client-sts";
import { expect, it, onTestFinished } from "vitest";
import { awsKms } from "../../src/aws/index.ts";
import { failure } from "../../src/conformance/probes.ts";
import { AddressPolicy, Kms, type KmsError } from "../../src/index.ts";
import { describeWithContainers } from "../containers/engine.ts";
import { REGION, ROOT, useMiniStack } from "./containers.ts";
import { callIam, element } from "./iam.ts";

const DEK = randomBytes(32);
const ACCOUNT = "000000000000";

describeWithContainers("MiniStack 1.5", () => {
  const aws = useMiniStack();

  const iam = (action: string, parameters: Record<string, string>) =>
    callIam(aws.origin(), ROOT, action, parameters);

  async function newKey(): Promise<string> {
    const { KeyMetadata } = await aws.kms().send(new CreateKeyCommand({}));
    return String(KeyMetadata?.Arn);
  }

  /** A user who may do these things with this key. */
  async function newUser(arn: string, ...actions: readonly string[]) {
    const UserName = `user-${randomUUID()}`;
    await iam("CreateUser", { UserName });
    if (actions.length > 0) {
      const PolicyDocument = policyOf(arn, ...actions);
      await iam("PutUserPolicy", { UserName, PolicyName: "kms", PolicyDocument });
    }
    const made = await iam("CreateAccessKey", { UserName });
    return {
      UserName,
      accessKeyId: element(made, "AccessKeyId"),
      secretAccessKey: element(made, "SecretAccessKey"),
    };
  }

  function open(keyID: string, credentials: object): Kms {
    const endpoint = aws.origin();
    const policy = new AddressPolicy({ allowedHosts: [endpoint] });
    const kms = new Kms(awsKms({ keyPath: { keyID }, credentials, policy, endpoint }));
    onTestFinished(() => kms.close());
    return kms;
  }

  it("wraps and unwraps for a user who may", async () => {
    const arn = await newKey();
    const kms = open(arn, await newUser(arn, "Encrypt", "Decrypt"));

    expect((await kms.unwrap(await kms.wrap(DEK))).equals(DEK)).toBe(true);
  });

  it("says that the access key is not known", async () => {
    const arn = await newKey();
    const unknown = { accessKeyId: "AKIAUNKNOWNUNKNOWN00", secretAccessKey: "marked-secret" };

    const error = (await open(arn, unknown)
      .wrap(DEK)
      .catch((error: unknown) => error)) as KmsError;

    expect(error.code).toBe("KMS_AUTH_FAILED");
    expect(error.message).toContain("Code: UnrecognizedClientException");
    expect(error.httpStatus).toBeGreaterThanOrEqual(400);
    expect(error.message).not.toContain("marked-secret");
  });

  it("says that the secret is wrong", async () => {
    const arn = await newKey();
    const { accessKeyId } = await newUser(arn, "Encrypt");

    const error = (await open(arn, { accessKeyId, secretAccessKey: "marked-secret" })
      .wrap(DEK)
      .catch((error: unknown) => error)) as KmsError;

    expect(error.code).toBe("KMS_AUTH_FAILED");
    expect(error.message).toMatch(/Code: (InvalidSignatureException|SignatureDoesNotMatch)\./);
  });

  it("says that the access key was deleted", async () => {
    const arn = await newKey();
    const user = await newUser(arn, "Encrypt");
    const kms = open(arn, user);
    await kms.wrap(DEK);
    const { UserName, accessKeyId: AccessKeyId } = user;
    await iam("DeleteAccessKey", { UserName, AccessKeyId });

    expect(await failure(kms.wrap(DEK))).toBe("KMS_AUTH_FAILED");
  });

  it.for([
    [[], "KMS_CONFIG_INVALID", "KMS_CONFIG_INVALID"],
    [["Encrypt"], "OK", "KMS_CONFIG_INVALID"],
    [["Decrypt"], "KMS_CONFIG_INVALID", "OK"],
  ] as const)(
    "says which permission is missing when there is %j",
    async ([actions, wrap, unwrap]) => {
      const arn = await newKey();
      const wrapped = await open(arn, ROOT).wrap(DEK);
      const kms = open(arn, await newUser(arn, ...actions));

      expect(await failure(kms.wrap(DEK))).toBe(wrap);
      expect(await failure(kms.unwrap(wrapped))).toBe(unwrap);
    },
  );

  it("names what AWS did not allow", async () => {
    const arn = await newKey();

    await expect(open(arn, await newUser(arn)).wrap(DEK)).rejects.toMatchObject({
      message: expect.stringContaining("Code: AccessDeniedException, "),
    });
  });

  it("works with a session token, and not without it", async () => {
    const arn = await newKey();
    const { accessKeyId, secretAccessKey } = await newUser(arn, "Encrypt");
    const sts = new STSClient({
      region: REGION,
      endpoint: aws.origin(),
      credentials: { accessKeyId, secretAccessKey },
    });
    const { Credentials } = await sts.send(new GetSessionTokenCommand({}));
    const pair = {
      accessKeyId: Credentials?.AccessKeyId,
      secretAccessKey: Credentials?.SecretAccessKey,
    };

    const sessionToken = Credentials?.SessionToken;
    expect(await failure(open(arn, { ...pair, sessionToken }).wrap(DEK))).toBe("OK");
    expect(await failure(open(arn, pair).wrap(DEK))).toBe("KMS_AUTH_FAILED");
  });

  async function newRole(arn: string, user: string, ...actions: readonly string[]) {
    const RoleName = `role-${randomUUID()}`;
    const trust = {
      Effect: "Allow",
      Principal: { AWS: `arn:aws:iam::${ACCOUNT}:user/${user}` },
      Action: "sts:AssumeRole",
      Condition: { StringEquals: { "sts:ExternalId": "external-1" } },
    };
    const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
    await iam("CreateRole", { RoleName, AssumeRolePolicyDocument });
    const PolicyDocument = policyOf(arn, ...actions);
    await iam("PutRolePolicy", { RoleName, PolicyName: "kms", PolicyDocument });
    return `arn:aws:iam::${ACCOUNT}:role/${RoleName}`;
  }

  it("assumes a role with an external id", async () => {
    const arn = await newKey();
    const user = await newUser(arn);
    await iam("PutUserPolicy", {
      UserName: user.UserName,
      PolicyName: "assume",
      PolicyDocument: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Resource: "*" }],
      }),
    });
    const roleArn = await newRole(arn, user.UserName, "Encrypt", "Decrypt");
    const kms = open(arn, { ...user, roleArn, externalId: "external-1" });

    expect((await kms.unwrap(await kms.wrap(DEK))).equals(DEK)).toBe(true);
    const wrong = open(arn, { ...user, roleArn, externalId: "external-2" });
    expect(await failure(wrong.wrap(DEK))).toBe("KMS_AUTH_FAILED");
  });

  it("says that the role must not be assumed", async () => {
    const arn = await newKey();
    const user = await newUser(arn);
    const roleArn = `arn:aws:iam::${ACCOUNT}:role/not-there`;

    expect(await failure(open(arn, { ...user, roleArn }).wrap(DEK))).toBe("KMS_AUTH_FAILED");
  });
});

function policyOf(arn: string, ...actions: readonly string[]): string {
  const Action = actions.map((action) => `kms:${action}`);
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action, Resource: arn }],
  });
}
