import { AddressPolicy, type KmsAddress } from "../http/address-policy.ts";
import { configInvalid, Members, type TextRules } from "../members.ts";
import { admit } from "../rest/admit.ts";
import { type AwsKeyId, type AwsPartition, parseKeyId, partitionOf } from "./key-id.ts";

/** A configuration as tenant files hold it: wire-protocol 5.1. */
export interface AwsKmsOptions {
  /** `{ keyID, region?, encryptionContext? }`; the region may be left out with an ARN. */
  readonly keyPath: unknown;
  /** `{ accessKeyId, secretAccessKey, sessionToken?, roleArn?, externalId? }` */
  readonly credentials: unknown;
  /** Where `endpoint` and `stsEndpoint` may lead. */
  readonly policy?: AddressPolicy;
  /** For the operator only: an origin instead of AWS's own, for emulators and private endpoints. */
  readonly endpoint?: string;
  /** The same for the service that gives out roles. Default: `endpoint`, or AWS's own. */
  readonly stsEndpoint?: string;
  /** For the operator only: PEM of the authorities to trust instead of the public ones. */
  readonly caCertificate?: string;
  /** Milliseconds until a connection stands. Default: 3 000. */
  readonly connectTimeoutMs?: number;
  /** Sockets at most. Default: 32. */
  readonly maxSockets?: number;
}

export interface AwsKeyPair {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface AwsRole {
  readonly arn: string;
  readonly externalId: string | undefined;
  readonly address: KmsAddress;
}

export interface AwsSettings {
  readonly key: AwsKeyId;
  readonly region: string;
  readonly address: KmsAddress;
  readonly encryptionContext: Readonly<Record<string, string>>;
  readonly keyPair: AwsKeyPair;
  readonly role: AwsRole | undefined;
}

export const NAME = "aws";

const SECRET: TextRules = {
  max: 16_384,
  pattern: /^[\u0021-\u007e]+$/,
  form: "printable ASCII",
  fromFile: true,
};
const ACCESS_KEY_ID: TextRules = {
  max: 128,
  pattern: /^\w+$/,
  form: "letters, digits and '_'",
  fromFile: true,
};
const ROLE_ARN: TextRules = {
  max: 2_048,
  pattern: /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/,
  form: "the ARN of a role",
};
const EXTERNAL_ID: TextRules = {
  max: 1_224,
  pattern: /^[\w+=,.@:/-]{2,}$/,
  form: "2 or more letters, digits and any of +=,.@:/-",
};
const MAX_CONTEXT_PAIRS = 100;
const MAX_CONTEXT_LENGTH = 8_192;

/** @throws KmsError `KMS_CONFIG_INVALID` that names the member, never its value */
export function parseAwsOptions(options: AwsKmsOptions): AwsSettings {
  const { policy = new AddressPolicy(), endpoint, stsEndpoint = endpoint } = options;
  const keyPath = new Members(NAME, "keyPath", options.keyPath);
  const credentials = new Members(NAME, "credentials", options.credentials);
  const key = readKey(keyPath);
  const region = readRegion(keyPath, key);
  const partition = partitionOf(region) ?? fail(keyPath.refuse("region", "is none of AWS's"));
  const addressOf = (service: string, origin: string | undefined): KmsAddress =>
    admit(
      origin ?? `https://${service}.${region}.${partition.suffix}`,
      { suffixes: [`.${partition.suffix}`] },
      { driver: NAME, member: `the endpoint of ${service}`, policy },
    );
  return {
    key,
    region,
    address: addressOf("kms", endpoint),
    encryptionContext: readContext(keyPath),
    keyPair: readKeyPair(credentials),
    role: readRole(credentials, partition, () => addressOf("sts", stsEndpoint)),
  };
}

function readKey(keyPath: Members): AwsKeyId {
  const key = parseKeyId(keyPath.text("keyID", { max: 2_048 }));
  return key ?? fail(keyPath.refuse("keyID", "must be a key id, an alias, or the ARN of either"));
}

function readRegion(keyPath: Members, key: AwsKeyId): string {
  const region = keyPath.optionalText("region", { max: 64 });
  if (region === undefined) {
    return key.region ?? fail(keyPath.refuse("region", "is needed unless keyID is an ARN"));
  }
  if (key.region !== undefined && key.region !== region) {
    throw keyPath.refuse("region", "contradicts the ARN of keyID");
  }
  return region;
}

function readContext(keyPath: Members): Readonly<Record<string, string>> {
  if (!keyPath.has("encryptionContext")) return {};
  const context = keyPath.raw("encryptionContext");
  if (typeof context !== "object" || context === null || Array.isArray(context)) {
    throw keyPath.refuse("encryptionContext", "must be an object");
  }
  const pairs = Object.entries(context as Readonly<Record<string, unknown>>);
  const length = pairs.reduce((sum, [name, value]) => sum + name.length + String(value).length, 0);
  if (!areTexts(pairs) || pairs.length > MAX_CONTEXT_PAIRS) {
    throw keyPath.refuse("encryptionContext", "must map texts to texts, none of them empty");
  }
  if (length > MAX_CONTEXT_LENGTH) throw keyPath.refuse("encryptionContext", "is too long");
  return Object.fromEntries(pairs);
}

function areTexts(pairs: readonly (readonly [string, unknown])[]): pairs is [string, string][] {
  return pairs
    .flat()
    .every((part) => typeof part === "string" && part !== "" && part.isWellFormed());
}

function readKeyPair(credentials: Members): AwsKeyPair {
  const sessionToken = credentials.optionalText("sessionToken", SECRET);
  return {
    accessKeyId: credentials.text("accessKeyId", ACCESS_KEY_ID),
    secretAccessKey: credentials.text("secretAccessKey", SECRET),
    ...(sessionToken !== undefined && { sessionToken }),
  };
}

function readRole(
  credentials: Members,
  partition: AwsPartition,
  address: () => KmsAddress,
): AwsRole | undefined {
  const arn = credentials.optionalText("roleArn", ROLE_ARN);
  const externalId = credentials.optionalText("externalId", EXTERNAL_ID);
  if (arn === undefined) {
    if (externalId !== undefined) throw credentials.refuse("roleArn", "is needed by externalId");
    return undefined;
  }
  if (!arn.startsWith(`arn:${partition.name}:`)) {
    throw configInvalid(NAME, "credentials.roleArn is of another partition than the region");
  }
  return { arn, externalId, address: address() };
}

function fail(error: Error): never {
  throw error;
}
