import { addresses, AZURE_LOOK_ALIKES } from "./hostile-addresses.ts";
import { aws, azure, type Entry, gcp, thales, vault, vaultBy } from "./vendor-entries.ts";

type Row = readonly [what: string, entry: Entry];

const MEGABYTE = "x".repeat(1_048_576);
const INJECTION = "value\r\nX-Injected: 1";
const short = (text: string): string => JSON.stringify(text.slice(0, 60));

const leading = (port: number): readonly Row[] => [
  ...addresses(port).map((address): Row => [`VAULT at ${short(address)}`, vault({ address })]),
  ...addresses(port).map((url): Row => [`THALES at ${short(url)}`, thales({ serviceUrl: url })]),
  ...[...addresses(port), ...AZURE_LOOK_ALIKES].map((url): Row => [
    `AZURE at ${short(url)}`,
    azure({ vaultBaseUrl: url }),
  ]),
  ["AZURE at another cloud's vault", azure({ cloud: "usgov" })],
  ["AZURE in a cloud of the tenant's own", azure({ cloud: "https://127.0.0.1" })],
  ["AZURE in a cloud of JavaScript's own", azure({ cloud: "constructor" })],
];

const regions: readonly Row[] = [
  "us-east-1.evil.example",
  "us-east-1.evil.example/",
  "us-east-1@127.0.0.1",
  "127.0.0.1:443/#-east-1",
  "us-east-1?",
  "us-east-1#",
  "us-east-1\r\nHost: 127.0.0.1",
  "169.254.169.254/",
  "../us-east-1",
  "localhost",
  "x",
  MEGABYTE,
].flatMap((region): Row[] => [
  [`AWS in the region ${short(region)}`, aws({ region })],
  [
    `AWS with an ARN in the region ${short(region)}`,
    aws({ region: undefined, keyID: `arn:aws:kms:${region}:111122223333:key/1234` }),
  ],
]);

const awsKeys: readonly Row[] = [
  ["AWS with the ARN of another region", arn("arn:aws:kms:eu-west-1:111122223333:key/1234")],
  ["AWS with the ARN of another partition", arn("arn:aws-cn:kms:us-east-1:111122223333:key/1")],
  ["AWS with the ARN of another service", arn("arn:aws:s3:us-east-1:111122223333:key/1234")],
  ["AWS with a path for a key", arn("alias/../../etc")],
  ["AWS with a header in its session token", aws({}, { sessionToken: INJECTION })],
  ["AWS with a header in its access key", aws({}, { accessKeyId: INJECTION })],
  ["AWS with a URL for a role", aws({}, { roleArn: "https://127.0.0.1/role" })],
  [
    "AWS with a role of another partition",
    aws({}, { roleArn: "arn:aws-cn:iam::111122223333:role/tsp" }),
  ],
  ["AWS with an external id and no role", aws({}, { externalId: "an-id" })],
];

const SERVICE = { token_url: "https://127.0.0.1/token", service_account_impersonation_url: "x" };
const googleFiles: readonly Row[] = [
  ...[
    "external_account",
    "authorized_user",
    "impersonated_service_account",
    "gdch_service_account",
  ].map((type): Row => [`GCP with a file of the type ${type}`, gcp({}, { type, ...SERVICE })]),
  ["GCP with a file of no type at all", gcp({}, { type: { toString: "service_account" } })],
];

const paths: readonly Row[] = [
  ...["projectId", "locationId", "keyRingId", "cryptoKeyId"].flatMap((member): Row[] =>
    TRICKS().map((trick) => [`GCP with ${member} ${short(trick)}`, gcp({ [member]: trick })]),
  ),
  ...TRICKS().flatMap((trick): Row[] => [
    [`AZURE with the key ${short(trick)}`, azure({ keyName: trick })],
    [`VAULT with the key ${short(trick)}`, vault({ keyName: trick })],
  ]),
  ...["..", "/transit", "transit/", "a//b", "../sys", "transit/../sys", "transit/.hidden"]
    .concat("transit?x=1", "transit#", "transit%2f..", "transit\\..", INJECTION, MEGABYTE)
    .flatMap((trick): Row[] => [
      [`VAULT with the mount ${short(trick)}`, vault({ mountPath: trick })],
      [`VAULT with the namespace ${short(trick)}`, vault({ namespace: trick })],
      [
        `VAULT with the log-in mount ${short(trick)}`,
        vaultBy({ roleId: "role", secretId: "secret", authMountPath: trick }),
      ],
    ]),
];

const injections: readonly Row[] = [
  ["VAULT with a header in its token", vaultBy({ token: INJECTION })],
  ["VAULT with a header in its role", vaultBy({ jwt: "a.b.c", role: INJECTION })],
  ["VAULT with two ways to log in", vault({}, { roleId: "role", secretId: "secret" })],
  ["VAULT with no way to log in", vaultBy({})],
  ["VAULT with a megabyte of token", vaultBy({ token: MEGABYTE })],
  ["VAULT with certificates that are none", vault({}, { caCertificate: MEGABYTE })],
  ["THALES with a header in its user", thales({}, { username: INJECTION })],
  ["THALES with a megabyte of password", thales({}, { password: MEGABYTE })],
  ["THALES with a megabyte of key id", thales({ keyId: MEGABYTE })],
  ["AZURE with a header in its client id", azure({}, { clientId: INJECTION })],
  ["AZURE with a path for a tenant", azure({}, { tenantGuid: "../../evil" })],
  ["AZURE with a megabyte of secret", azure({}, { clientSecret: MEGABYTE })],
  ["GCP with a header in its e-mail address", gcp({}, { client_email: INJECTION })],
  ["GCP with a megabyte of key", gcp({}, { private_key: MEGABYTE })],
  ["GCP with a public key", gcp({}, { private_key: "-----BEGIN PUBLIC KEY-----\nAAAA" })],
];

const shapes: readonly Row[] = [aws(), gcp(), azure(), thales(), vault()].flatMap(
  ({ type, keyPath, credentials }): Row[] => [
    [`${type} without a key path`, { type, keyPath: undefined, credentials }],
    [`${type} with a list for a key path`, { type, keyPath: [keyPath], credentials }],
    [`${type} without credentials`, { type, keyPath, credentials: {} }],
    [`${type} with null for credentials`, { type, keyPath, credentials: null }],
    [`${type} with numbers for credentials`, { type, keyPath, credentials: numbers(credentials) }],
    [`${type} with empty credentials`, { type, keyPath, credentials: blank(credentials) }],
    ...Object.keys(credentials as object).map((name): Row => {
      const half = { ...(credentials as object), [name]: undefined };
      return [`${type} without credentials.${name}`, { type, keyPath, credentials: half }];
    }),
  ],
);

/**
 * Configurations of which none may lead to a connection, and every one is 207. `port` is one of this
 * machine on which somebody listens.
 */
export const hostileEntries = (port: number): readonly Row[] => [
  ...leading(port),
  ...regions,
  ...awsKeys,
  ...googleFiles,
  ...paths,
  ...injections,
  ...shapes,
];

function TRICKS(): readonly string[] {
  return [
    "..",
    "../../x",
    "a/b",
    "a\\b",
    "k?x=1",
    "k#x",
    "k%2f..",
    "k:encrypt",
    "k\u0000",
    " ",
  ].concat("\u202ek", INJECTION, MEGABYTE);
}

function arn(keyID: string): Entry {
  return aws({ keyID });
}

function numbers(credentials: unknown): object {
  return Object.fromEntries(Object.keys(credentials as object).map((name) => [name, 5]));
}

function blank(credentials: unknown): object {
  return Object.fromEntries(Object.keys(credentials as object).map((name) => [name, ""]));
}
