import { describe, expect, it } from "vitest";
import { parseAwsOptions } from "../../src/aws/options.ts";
import { AddressPolicy } from "../../src/index.ts";

const ID = "1234abcd-12ab-34cd-56ef-1234567890ab";
const ARN = `arn:aws:kms:us-east-1:111122223333:key/${ID}`;
const PAIR = { accessKeyId: "AKIAEXAMPLEEXAMPLE00", secretAccessKey: "marked/secret+key=" };
const ROLE = "arn:aws:iam::111122223333:role/team/tsp";

describe("options that can be used", () => {
  it.for([
    [{ keyID: ARN }, "https://kms.us-east-1.amazonaws.com:443"],
    [{ keyID: ARN, region: "us-east-1" }, "https://kms.us-east-1.amazonaws.com:443"],
    [{ keyID: ID, region: "eu-west-3" }, "https://kms.eu-west-3.amazonaws.com:443"],
    [{ keyID: "alias/x", region: "cn-north-1" }, "https://kms.cn-north-1.amazonaws.com.cn:443"],
    [{ keyID: "alias/x", region: "eusc-de-east-1" }, "https://kms.eusc-de-east-1.amazonaws.eu:443"],
  ] as const)("lead to the region's own endpoint: %j", ([keyPath, origin]) => {
    expect(parseAwsOptions({ keyPath, credentials: PAIR }).address.origin).toBe(origin);
  });

  it("keep what the configuration says and ignore the rest", () => {
    const keyPath = { keyID: ARN, encryptionContext: { tenant: "acme" }, endpoint: "http://x" };
    const credentials = { ...PAIR, sessionToken: "marked-token\n", profile: "default" };

    expect(parseAwsOptions({ keyPath, credentials })).toMatchObject({
      key: { text: ARN },
      region: "us-east-1",
      address: { origin: "https://kms.us-east-1.amazonaws.com:443" },
      encryptionContext: { tenant: "acme" },
      keyPair: { ...PAIR, sessionToken: "marked-token" },
      role: undefined,
    });
  });

  it("may name a role, which the region's own service gives out", () => {
    const credentials = { ...PAIR, roleArn: ROLE, externalId: "tenant:42" };

    expect(parseAwsOptions({ keyPath: { keyID: ARN }, credentials }).role).toMatchObject({
      arn: ROLE,
      externalId: "tenant:42",
      address: { origin: "https://sts.us-east-1.amazonaws.com:443" },
    });
  });

  it("may lead elsewhere by the operator's word alone", () => {
    const credentials = { ...PAIR, roleArn: ROLE };
    const common = { keyPath: { keyID: ARN }, credentials };
    const policy = new AddressPolicy({ allowedHosts: ["http://127.0.0.1:4566", "localhost:1"] });
    const endpoint = "http://127.0.0.1:4566";

    expect(parseAwsOptions({ ...common, policy, endpoint })).toMatchObject({
      address: { origin: endpoint },
      role: { address: { origin: endpoint } },
    });
    const stsEndpoint = "https://localhost:1";
    expect(parseAwsOptions({ ...common, policy, endpoint, stsEndpoint }).role?.address.port).toBe(
      1,
    );
    const vpc = "https://vpce-1.kms.us-east-1.vpce.amazonaws.com";
    expect(parseAwsOptions({ ...common, endpoint: vpc }).address.hostname).toMatch(/^vpce-1/);
    expect(() => parseAwsOptions({ ...common, endpoint })).toThrow("the endpoint of kms:");
    expect(() =>
      parseAwsOptions({ ...common, policy, stsEndpoint: "https://evil.example" }),
    ).toThrow("the endpoint of sts: the host is none of the vendor's");
  });
});

describe("a key path that cannot be used", () => {
  it.for([
    ["missing", undefined, "keyPath must be an object"],
    ["no key", { region: "us-east-1" }, "keyPath.keyID must be a text"],
    ["no region", { keyID: ID }, "keyPath.region is needed unless keyID is an ARN"],
    ["no region for an alias", { keyID: "alias/x" }, "keyPath.region is needed"],
    ["a contradiction", { keyID: ARN, region: "us-east-2" }, "keyPath.region contradicts"],
    ["no known region", { keyID: ID, region: "mars-1" }, "keyPath.region is none of AWS's"],
    ["a host as region", { keyID: ID, region: "x.evil.example/#" }, "is none of AWS's"],
    ["a header in the region", { keyID: ID, region: "us-east-1\r\nx: y" }, "control characters"],
    ["userinfo as region", { keyID: ID, region: "a@evil.example" }, "is none of AWS's"],
    ["a foreign ARN", { keyID: "arn:aws:s3:::bucket" }, "keyPath.keyID must be a key id, an alias"],
    ["a megabyte", { keyID: "k".repeat(1_048_576) }, "at most 2048 characters"],
    ["a list as context", { keyID: ARN, encryptionContext: [] }, "encryptionContext must be an"],
    ["a number in it", { keyID: ARN, encryptionContext: { a: 1 } }, "must map texts to texts"],
    ["an empty text in it", { keyID: ARN, encryptionContext: { a: "" } }, "must map texts"],
    [
      "101 pairs",
      {
        keyID: ARN,
        encryptionContext: Object.fromEntries(
          Array.from({ length: 101 }, (_, i) => [`k${i}`, "v"]),
        ),
      },
      "must map texts to texts",
    ],
    ["a long text", { keyID: ARN, encryptionContext: { a: "x".repeat(9_000) } }, "is too long"],
  ] as const)("is refused: %s", ([, keyPath, message]) => {
    expect(() => parseAwsOptions({ keyPath, credentials: PAIR })).toThrow(message);
  });
});

describe("credentials that cannot be used", () => {
  it.for([
    ["missing", undefined, "credentials must be an object"],
    ["none", {}, "credentials.accessKeyId must be a text"],
    [
      "half a pair",
      { accessKeyId: PAIR.accessKeyId },
      "credentials.secretAccessKey must be a text",
    ],
    ["the other half", { secretAccessKey: "marked" }, "credentials.accessKeyId must be a text"],
    ["an empty secret", { ...PAIR, secretAccessKey: "" }, "secretAccessKey must not be empty"],
    ["a null secret", { ...PAIR, secretAccessKey: null }, "secretAccessKey must be a text"],
    ["a header in the id", { ...PAIR, accessKeyId: "AKIA\r\nx: y" }, "control characters"],
    ["a slash in the id", { ...PAIR, accessKeyId: "AKIA/x" }, "accessKeyId must be letters"],
    ["a blank in the secret", { ...PAIR, secretAccessKey: "marked secret" }, "printable ASCII"],
    ["a megabyte of token", { ...PAIR, sessionToken: "x".repeat(1_048_576) }, "at most 16384"],
    ["an empty token", { ...PAIR, sessionToken: "" }, "sessionToken must not be empty"],
    ["a user as role", { ...PAIR, roleArn: "arn:aws:iam::111122223333:user/x" }, "ARN of a role"],
    ["a role elsewhere", { ...PAIR, roleArn: ROLE.replace("aws", "aws-cn") }, "another partition"],
    ["an external id alone", { ...PAIR, externalId: "e-1" }, "roleArn is needed by externalId"],
    ["a short external id", { ...PAIR, roleArn: ROLE, externalId: "e" }, "externalId must be 2"],
    ["an odd external id", { ...PAIR, roleArn: ROLE, externalId: "a b" }, "externalId must be 2"],
  ] as const)("are refused: %s", ([, credentials, message]) => {
    const parse = () => parseAwsOptions({ keyPath: { keyID: ARN }, credentials });

    expect(parse).toThrow(message);
    expect(parse).toThrow(expect.objectContaining({ code: "KMS_CONFIG_INVALID", driver: "aws" }));
    expect(parse).not.toThrow("marked");
  });
});
