import { CreateKeyCommand, DisableKeyCommand, EnableKeyCommand } from "@aws-sdk/client-kms";
import { KEY_UNAVAILABLE, type Vendor } from "@tenant-security/testkit/vendors";
import { type Emulator, REGION, ROOT } from "../../../packages/kms-adapters/test/aws/containers.ts";
import { callIam, element } from "../../../packages/kms-adapters/test/aws/iam.ts";

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
  const UserName = "tsp";
  const iam = (action: string, parameters: Record<string, string>) =>
    callIam(aws.origin(), ROOT, action, parameters);
  const allow = () =>
    iam("PutUserPolicy", {
      UserName,
      PolicyName: "kms",
      PolicyDocument: policy(String(vendor.keyPath["keyID"])),
    });
  await iam("CreateUser", { UserName });
  await allow();
  const made = await iam("CreateAccessKey", { UserName });
  return {
    ...vendor,
    credentials: {
      accessKeyId: element(made, "AccessKeyId"),
      secretAccessKey: element(made, "SecretAccessKey"),
    },
    revoke: async () => {
      await iam("DeleteUserPolicy", { UserName, PolicyName: "kms" });
      return NO_PERMISSION;
    },
    restore: async () => void (await allow()),
  };
}

const NO_PERMISSION = 207;

function policy(Resource: string): string {
  const Action = ["kms:Encrypt", "kms:Decrypt"];
  const Statement = [{ Effect: "Allow", Action, Resource }];
  return JSON.stringify({ Version: "2012-10-17", Statement });
}
