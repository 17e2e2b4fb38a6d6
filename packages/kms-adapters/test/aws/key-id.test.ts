import { describe, expect, it } from "vitest";
import { isSameKey, parseKeyId, partitionOf } from "../../src/aws/key-id.ts";

const ID = "1234abcd-12ab-34cd-56ef-1234567890ab";
const ARN = `arn:aws:kms:us-east-1:111122223333:key/${ID}`;
const ALIAS_ARN = "arn:aws:kms:us-east-1:111122223333:alias/teams/a_b";

describe("a key identifier", () => {
  it.for([
    [ID, undefined, undefined, ID],
    ["mrk-1234abcd12ab34cd56ef1234567890ab", undefined, undefined, undefined],
    ["alias/teams/a_b", undefined, undefined, undefined],
    [ARN, "us-east-1", "111122223333", ID],
    [ALIAS_ARN, "us-east-1", "111122223333", undefined],
    [`arn:aws-cn:kms:cn-north-1:111122223333:key/${ID}`, "cn-north-1", "111122223333", ID],
    [`arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/${ID}`, "us-gov-west-1", undefined, ID],
  ] as const)("is read: %s", ([text, region, account, id]) => {
    const known = { region, account, id };
    const wanted = Object.entries(known).filter(([, value]) => value !== undefined);

    expect(parseKeyId(text)).toMatchObject({ text, ...Object.fromEntries(wanted) });
  });

  it.for([
    "",
    "alias/",
    "alias/a b",
    "alias/a\nb",
    "alias/../x",
    "key/1234",
    "1234/5678",
    "1234 5678",
    "1234:5678",
    "x".repeat(257),
    "arn:aws:kms:us-east-1:111122223333:key/",
    "arn:aws:kms:us-east-1:111122223333:key/a/b",
    "arn:aws:kms:us-east-1:111122223333:grant/abc",
    "arn:aws:kms:us-east-1:1111:key/abc",
    "arn:aws:kms::111122223333:key/abc",
    "arn:aws:kms:cn-north-1:111122223333:key/abc",
    "arn:aws-cn:kms:us-east-1:111122223333:key/abc",
    "arn:aws:kms:evil.example/#:111122223333:key/abc",
    "arn:aws:s3:us-east-1:111122223333:key/abc",
    "arn:gcp:kms:us-east-1:111122223333:key/abc",
    `${ARN}\r\nx-injected: 1`,
    ` ${ARN}`,
  ])("is refused: %j", (text) => {
    expect(parseKeyId(text)).toBeUndefined();
  });
});

describe("the key of an answer", () => {
  it.for([
    ["the same ARN", ARN, ARN, true],
    ["another id", ARN, ARN.replace("1234abcd", "ffffffff"), false],
    ["another account", ARN, ARN.replace("111122223333", "999999999999"), false],
    ["another region", ARN, ARN.replace("us-east-1", "us-east-2"), false],
    ["no ARN", ARN, ID, false],
    ["an alias", ALIAS_ARN, ALIAS_ARN, false],
    ["no key", ARN, undefined, false],
    ["a number", ARN, 7, false],
    ["any key behind an alias ARN", ALIAS_ARN, ARN, true],
    ["another account behind an alias", ALIAS_ARN, ARN.replace("1111", "9999"), false],
    ["another region behind an alias", ALIAS_ARN, ARN.replace("us-east-1", "eu-west-1"), false],
    ["any key behind a bare alias", "alias/x", ARN, true],
    ["another region behind a bare alias", "alias/x", ARN.replace("us-", "eu-"), false],
    ["the same id", ID, ARN, true],
    ["another id than the bare one", ID, ARN.replace("1234abcd", "ffffffff"), false],
  ] as const)("%s", ([, asked, answered, same]) => {
    const key = parseKeyId(asked);

    expect(key && isSameKey(key, "us-east-1", answered)).toBe(same);
  });
});

describe("a region", () => {
  it.for([
    ["us-east-1", "aws", "amazonaws.com"],
    ["ap-southeast-12", "aws", "amazonaws.com"],
    ["cn-northwest-1", "aws-cn", "amazonaws.com.cn"],
    ["us-gov-east-1", "aws-us-gov", "amazonaws.com"],
    ["us-iso-east-1", "aws-iso", "c2s.ic.gov"],
    ["us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"],
    ["eu-isoe-west-1", "aws-iso-e", "cloud.adc-e.uk"],
    ["us-isof-south-1", "aws-iso-f", "csp.hci.ic.gov"],
    ["eusc-de-east-1", "aws-eusc", "amazonaws.eu"],
  ] as const)("%s is of %s", ([region, name, suffix]) => {
    expect(partitionOf(region)).toMatchObject({ name, suffix });
  });

  it.for(["", "mars-east-1", "us-east-1.evil.example", "us-east-1#", "us-east-1/", "US-EAST-1"])(
    "%j is of none",
    (region) => {
      expect(partitionOf(region)).toBeUndefined();
    },
  );
});
