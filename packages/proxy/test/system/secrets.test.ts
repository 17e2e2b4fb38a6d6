import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { localKms } from "@tenant-security/kms-adapters/local";
import {
  type Answer,
  API_KEY,
  type ConfigurationDocument,
  DataFolder,
  EventReader,
  FakeVault,
  get,
  localConfiguration,
  primary,
  type Proxy,
  refusing,
  runProgram,
  startProxy,
  vaultConfiguration,
} from "@tenant-security/testkit";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { bytesOf, FIELD, openEdek } from "./support/edek.ts";
import { leaks, type Output, type Secret, textSecret } from "./support/needles.ts";
import { storedSecrets } from "./support/stored-secrets.ts";
import {
  BATCH_UNWRAP,
  BATCH_WRAP,
  body,
  DERIVE,
  post,
  REKEY,
  REPORT_OPERATIONS,
  SECURITY_EVENT,
  UNWRAP,
  WRAP,
  wrap,
} from "./support/requests.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const SECOND_API_KEY = randomBytes(18).toString("base64");
const marked = (name: string): string => `marked-${name}-${randomBytes(12).toString("hex")}`;

const TOKENS = {
  vault: marked("vault-token"),
  aws: marked("aws-secret"),
  azure: marked("azure-secret"),
  thales: marked("thales-password"),
  environment: marked("environment"),
  body: marked("request-body"),
};
const GOOGLE_KEY = generateKeyPairSync("rsa", { modulusLength: 2_048 })
  .privateKey.export({ type: "pkcs8", format: "pem" })
  .toString();
const KEYS = { leased: randomBytes(32), unleased: randomBytes(32), short: randomBytes(16) };

const secrets: Secret[] = [
  textSecret("the API key", API_KEY),
  textSecret("the second API key", SECOND_API_KEY),
  textSecret("Google's private key", GOOGLE_KEY.split("\n").slice(2, 4).join("\n")),
  textSecret("a line of Google's private key", GOOGLE_KEY.split("\n")[3] ?? ""),
  ...Object.entries(TOKENS).map(([name, text]) => textSecret(`the marked ${name}`, text)),
  ...Object.entries(KEYS).map(([name, bytes]) => ({ name: `the KMS key ${name}`, bytes })),
];
const outputs: Output[] = [];

let folder: DataFolder;
let vault: FakeVault;
let proxy: Proxy;
let reader: EventReader;
let environment: Record<string, string>;

beforeAll(async () => {
  folder = new DataFolder();
  vault = await FakeVault.start({
    // A vendor that repeats what it was sent, credential and key included.
    echo: ({ token, inputs }) => {
      for (const input of inputs) {
        keep("a key that the vendor saw", Buffer.from(input, "base64").subarray(0, 32));
      }
      return { status: 400, body: JSON.stringify({ errors: [`no: ${token} ${inputs.join()}`] }) };
    },
    denied: refusing(403, { errors: [`permission denied for ${TOKENS.vault}`] }),
  });
  folder.configure(tenants());
  environment = {
    LOG_LEVEL: "trace",
    API_KEY_2: SECOND_API_KEY,
    MARKED_SECRET: TOKENS.environment,
    TSP_KMS_ALLOWED_HOSTS: vault.url,
    TSP_KMS_TIMEOUT_MS: "2000",
    TSP_ENABLE_LOGDRIVER_INTEGRATION: "true",
  };
  proxy = await startProxy({ folder, env: environment });
  reader = new EventReader(proxy.eventsUrl);
});
afterAll(async () => {
  reader?.close();
  await proxy?.program.stop();
  await vault?.close();
  folder?.remove();
});

function tenants(): ConfigurationDocument {
  folder.write("google.pem", GOOGLE_KEY);
  folder.write("not-a-key.pem", TOKENS.aws);
  const local = (id: number, name: keyof typeof KEYS, leased = false) =>
    localConfiguration(id, { leased, keyFiles: [folder.key(`${name}.key`, KEYS[name])] });
  const kmsConfigurations = [
    local(1, "leased", true),
    local(2, "unleased"),
    local(3, "short"),
    vaultConfiguration(4, { address: vault.url, keyName: "echo", token: TOKENS.vault }),
    vaultConfiguration(5, { address: vault.url, keyName: "denied", token: TOKENS.vault }),
    {
      id: 6,
      type: "AWS",
      keyPath: { keyID: "arn:aws:kms:eu-west-1:111122223333:key/a", region: "us-east-1" },
      credentials: { accessKeyId: "AKIA", secretAccessKey: TOKENS.aws },
    },
    {
      id: 7,
      type: "AWS",
      keyPath: { keyID: "a", region: "us-east-1" },
      credentials: { secretAccessKey: TOKENS.aws },
    },
    {
      id: 8,
      type: "GCP",
      keyPath: { projectId: "p", locationId: "../l", keyRingId: "r", cryptoKeyId: "k" },
      credentials: { client_email: "a@b", private_key: { fromFile: "google.pem" } },
    },
    {
      id: 9,
      type: "GCP",
      keyPath: { projectId: "p", locationId: "l", keyRingId: "r", cryptoKeyId: "k" },
      credentials: { client_email: "a@b", private_key: { fromFile: "not-a-key.pem" } },
    },
    {
      id: 10,
      type: "AZURE",
      keyPath: { keyName: "k", vaultBaseUrl: "https://127.0.0.1" },
      credentials: { clientId: "c", clientSecret: TOKENS.azure, tenantGuid: "not a guid" },
    },
    {
      id: 11,
      type: "THALES",
      keyPath: { keyId: "k", serviceUrl: vault.url },
      credentials: { username: "u", password: TOKENS.thales },
    },
    {
      id: 12,
      type: "LOCAL",
      keyPath: { keyName: "k" },
      credentials: { keys: [{ version: 1, key: { fromEnv: "MARKED_SECRET" } }] },
    },
    { id: 13, type: "UNHEARD_OF", keyPath: {}, credentials: { password: TOKENS.thales } },
  ];
  return {
    version: 1,
    kmsConfigurations,
    tenants: kmsConfigurations.map(({ id }) => ({
      id: `tenant-${id}`,
      configurations: [primary(id)],
    })),
  };
}

function keep(name: string, bytes: Uint8Array): void {
  secrets.push({ name, bytes: Buffer.from(bytes) });
}

/** Takes an answer in: its keys become secrets, everything else becomes an output. */
function collect(name: string, answer: Answer): void {
  const text = answer.text.replaceAll(
    /"(dek|derivedKey)":"([^"]+)"/g,
    (_, member: string, value: string) => {
      keep(`a ${member}`, Buffer.from(value, "base64"));
      return `"${member}":""`;
    },
  );
  outputs.push({ name: `the answer to ${name}`, text });
  outputs.push({ name: `the headers of ${name}`, text: JSON.stringify(answer.headers) });
}

const DERIVATION = { derivationType: "sha512", secretType: "search", paths: { p: ["a"] } };

/** Every endpoint for one tenant, with good and with bad content. */
async function everyRequest(tenant: string, edek: string): Promise<void> {
  const requests: readonly [string, object][] = [
    [WRAP, {}],
    [UNWRAP, { encryptedDocumentKey: edek }],
    [UNWRAP, { encryptedDocumentKey: "AAAA" }],
    [BATCH_WRAP, { documentIds: ["a", "b"] }],
    [BATCH_UNWRAP, { edeks: { a: edek, b: "AAAA" } }],
    [REKEY, { encryptedDocumentKey: edek, newTenantId: "tenant-2" }],
    [REKEY, { encryptedDocumentKey: edek, newTenantId: tenant }],
    [DERIVE, DERIVATION],
    [SECURITY_EVENT, { event: "USER_ADD" }],
    [REPORT_OPERATIONS, { operations: { [edek]: { wraps: 1, unwraps: 1 } } }],
  ];
  for (const [path, members] of requests) {
    collect(`${path} of ${tenant}`, await post(proxy.url, path, body(tenant, members)));
  }
}

async function misplacedSecrets(): Promise<void> {
  const good = body("tenant-1");
  const headers = [
    `Bearer ${API_KEY}`,
    API_KEY,
    `cmk ${API_KEY}x`,
    `cmk ${SECOND_API_KEY} ${API_KEY}`,
  ];
  for (const authorization of headers) {
    collect("a wrong header", await post(proxy.url, WRAP, good, { headers: { authorization } }));
  }
  collect("a key in the URL", await post(proxy.url, `nothing?key=${API_KEY}`, good));
  collect("a key in the path", await post(proxy.url, encodeURIComponent(API_KEY), good));
  for (const text of [
    `{"tenantId":"tenant-1","dek":"${TOKENS.body}" x`,
    TOKENS.body,
    `{"tenantId":{"a":"${TOKENS.body}"}}`,
    JSON.stringify(body("tenant-1", { iclFields: { requestingId: [TOKENS.body] } })),
    JSON.stringify(body("tenant-1", { customFields: { a: [TOKENS.body] } })),
  ]) {
    collect("a broken body", await post(proxy.url, WRAP, text));
    collect("a broken body", await post(proxy.url, UNWRAP, text));
  }
  const edek = Buffer.from(TOKENS.body).toString("base64");
  collect(
    "a secret as EDEK",
    await post(proxy.url, UNWRAP, body("tenant-1", { encryptedDocumentKey: edek })),
  );
}

/** Keys that never leave the proxy: opened here with the KMS keys that the test knows. */
async function innerKeys(leasedEdek: string): Promise<void> {
  const lease = bytesOf(openEdek(leasedEdek), FIELD.wrappedLease);
  keep("a leased key", await unwrapped(lease));
  const files = storedSecrets(folder);
  expect(files).toHaveLength(2);
  for (const file of files) {
    const stored = JSON.parse(readFileSync(file, "utf8")) as { encryptedSecret: string };
    keep("a tenant secret", await unwrapped(Buffer.from(stored.encryptedSecret, "base64")));
  }
}

/** Opens an `EncryptedDeks` that a local KMS wrapped; the binding behind the key is no secret. */
async function unwrapped(edek: Buffer): Promise<Buffer> {
  const element = openEdek(edek.toString("base64"));
  const id = Number(element.get(FIELD.configurationId));
  const key = id === 1 ? KEYS.leased : KEYS.unleased;
  const driver = localKms({ keyName: `key-${id}`, keys: [{ version: 1, key }] });
  const signal = AbortSignal.timeout(10_000);
  const plaintext = await driver.unwrap(bytesOf(element, FIELD.data), { signal });
  await driver.close?.();
  return Buffer.from(plaintext.subarray(0, 32));
}

describe("secrets", () => {
  it("are seen in no answer, log, metric, event or command, in any spelling", async () => {
    const leased = await wrap(proxy.url, "tenant-1");
    const unleased = await wrap(proxy.url, "tenant-2");
    for (const { dek } of [leased, unleased]) keep("a first dek", Buffer.from(dek, "base64"));
    for (const { id } of tenants().tenants) {
      const { edek } = id === "tenant-2" ? unleased : leased;
      await everyRequest(id, edek);
    }
    await everyRequest("nobody", leased.edek);
    await misplacedSecrets();
    await innerKeys(leased.edek);
    for (const path of ["/metrics", "/nothing"]) collect(path, await get(proxy.url + path));
    for (const path of ["/ready", "/nothing"]) collect(path, await get(proxy.healthUrl + path));
    for (const command of ["check", "verify"]) {
      const env = { ...environment, API_KEY, TSP_CONFIG_FILE: folder.configFile };
      const { stdout, stderr } = await runProgram([command], { env });
      outputs.push({ name: `the command ${command}`, text: stdout + stderr });
    }
    const last = await reader.next(({ tenantId }) => tenantId === "nobody");
    const events = JSON.stringify([last, ...reader.pending]);
    await proxy.program.stop();
    outputs.push(
      { name: "standard output", text: proxy.program.stdout },
      { name: "standard error", text: proxy.program.stderr },
      { name: "the events", text: events },
    );

    expect(leaks(outputs, secrets)).toEqual([]);
    // The search has something to find, and somewhere to find it.
    expect(secrets.length).toBeGreaterThan(30);
    expect(outputs.length).toBeGreaterThan(200);
    expect(proxy.program.log.length).toBeGreaterThan(50);
    expect(events).toContain("DATA_ENCRYPT");
  });
});
