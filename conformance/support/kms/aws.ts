import { CreateKeyCommand, DisableKeyCommand, EnableKeyCommand } from "@aws-sdk/client-kms";
import { KEY_UNAVAILABLE, type Vendor } from "@tenant-security/testkit/vendors";
import { type Emulator, REGION, ROOT } from "../../../packages/kms-adapters/test/aws/containers.ts";
import { callIam, element } from "../../../packages/kms-adapters/test/aws/iam.ts";

const ACCOUNT = "000000000000";
const NO_PERMISSION = 207;

/** A key of an AWS emulator, used as the account's root. */
export async function awsVendor(aws: Emulator): Promise<Vendor> {
  const { KeyMetadata } = await aws.kms().send(new CreateKeyCommand({}));
  const KeyId = String(KeyMetadata?.Arn);
  return {
    type: "AWS",
    env: { TSP_KMS_AWS_ENDPOINT: aws.origin() },
    allowedHost: undefined,
    keyPath: { keyID: KeyId, region: REGION },
    credentials: ROOT,
    revoke: async () => {
      await aws.kms().send(new DisableKeyCommand({ KeyId }));
      return KEY_UNAVAILABLE;
    },
    restore: async () => void (await aws.kms().send(new EnableKeyCommand({ KeyId }))),
    close: async () => {},
  };
}

/** The same for a user whose policy names two actions on one key, and is what the tenant removes. */
export async function awsUserVendor(aws: Emulator): Promise<Vendor> {
  const vendor = await awsVendor(aws);
  const iam = new Iam(aws);
  const UserName = "tsp";
  const holder = { UserName, PolicyName: "kms" };
  const allow = () => iam.call("PutUserPolicy", { ...holder, PolicyDocument: usePolicy(vendor) });
  const credentials = await iam.newUser(UserName);
  await allow();
  return {
    ...vendor,
    credentials,
    revoke: async () => {
      await iam.call("DeleteUserPolicy", holder);
      return NO_PERMISSION;
    },
    restore: allow,
  };
}

/** A user who may do nothing but assume a role; the role has the policy, and wants an external id. */
export async function awsRoleVendor(aws: Emulator): Promise<Vendor> {
  const vendor = await awsVendor(aws);
  const iam = new Iam(aws);
  const [UserName, RoleName, externalId] = ["assumer", "tsp-role", "external-1"];
  const holder = { RoleName, PolicyName: "kms" };
  const allow = () => iam.call("PutRolePolicy", { ...holder, PolicyDocument: usePolicy(vendor) });
  const credentials = await iam.newUser(UserName);
  await iam.call("PutUserPolicy", {
    UserName,
    PolicyName: "assume",
    PolicyDocument: policy({ Action: "sts:AssumeRole", Resource: "*" }),
  });
  const AssumeRolePolicyDocument = policy({
    Principal: { AWS: `arn:aws:iam::${ACCOUNT}:user/${UserName}` },
    Action: "sts:AssumeRole",
    Condition: { StringEquals: { "sts:ExternalId": externalId } },
  });
  await iam.call("CreateRole", { RoleName, AssumeRolePolicyDocument });
  await allow();
  return {
    ...vendor,
    credentials: {
      ...credentials,
      roleArn: `arn:aws:iam::${ACCOUNT}:role/${RoleName}`,
      externalId,
    },
    revoke: async () => {
      await iam.call("DeleteRolePolicy", holder);
      return NO_PERMISSION;
    },
    restore: allow,
  };
}

/** The account's own administration. */
class Iam {
  readonly #aws: Emulator;

  constructor(aws: Emulator) {
    this.#aws = aws;
  }

  async call(action: string, parameters: Readonly<Record<string, string>>): Promise<void> {
    await callIam(this.#aws.origin(), ROOT, action, parameters);
  }

  async newUser(UserName: string): Promise<Record<"accessKeyId" | "secretAccessKey", string>> {
    await this.call("CreateUser", { UserName });
    const made = await callIam(this.#aws.origin(), ROOT, "CreateAccessKey", { UserName });
    return {
      accessKeyId: element(made, "AccessKeyId"),
      secretAccessKey: element(made, "SecretAccessKey"),
    };
  }
}

/** Two actions on one key. */
function usePolicy({ keyPath }: Vendor): string {
  return policy({ Action: ["kms:Encrypt", "kms:Decrypt"], Resource: keyPath["keyID"] });
}

function policy(statement: object): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", ...statement }],
  });
}
