import { CreateKeyCommand, DecryptCommand } from "@aws-sdk/client-kms";
import { FakeVault, honest, primary } from "@tenant-security/testkit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { REGION, ROOT, useLocalStack } from "../../../../kms-adapters/test/aws/containers.ts";
import { describeWithContainers } from "../../../../kms-adapters/test/containers/engine.ts";
import { ROOT as VAULT_ROOT, useVault } from "../../../../kms-adapters/test/vault/container.ts";
import { wrap } from "../support/requests.ts";
import { temporaryFolder, temporaryProxy } from "../support/world.ts";
import { commandsOf, Desk, isInstalled } from "./support/recovery.ts";
import { type Entry, vault as vaultEntry } from "./support/vendor-entries.ts";

vi.setConfig({ testTimeout: 60_000 });

const TAKE_OUT = commandsOf("1. Take the ciphertext out of the EDEK");
const KEY = commandsOf("3. Take the key out of what came back");
const LEASED = commandsOf("3. Take the key out of what came back", 1);
const hasAwsCli = await isInstalled("aws");

/** A key of the tenant `acme` at that KMS, and a desk with its EDEK. */
async function wrappedAt(
  entry: Entry,
  leasingAllowed: boolean,
  env: Readonly<Record<string, string>>,
) {
  const folder = temporaryFolder();
  const tenants = [{ id: "acme", configurations: [primary(1)] }];
  const configuration = { id: 1, ...entry, leasingAllowed };
  folder.replace(
    "tenants.json",
    JSON.stringify({ version: 1, kmsConfigurations: [configuration], tenants }),
  );
  const { url, program } = await temporaryProxy({ folder, env });
  const { dek, edek } = await wrap(url, "acme");
  // From here on there is no proxy.
  await program.stop();
  return { desk: new Desk(edek), dek: Buffer.from(dek, "base64") };
}

/** Steps 1 and 3 of the page around the vendor's own in the middle. */
async function recovered(desk: Desk, leased: boolean, open: () => Promise<void>): Promise<Buffer> {
  await desk.follow(TAKE_OUT);
  await open();
  await desk.follow(KEY);
  if (!leased) return desk.read("key");
  await desk.follow(LEASED);
  return desk.read("document-key");
}

describeWithContainers("docs/recovery.md", () => {
  const vault = useVault();
  const aws = useLocalStack();

  it.for([false, true])(
    "opens a key at Vault with Vault's own command; leased: %s",
    async (leased) => {
      await vault.api("POST", "transit/keys/documents");
      const entry = vaultEntry({ address: vault.origin() }, { token: VAULT_ROOT });
      const env = { TSP_KMS_ALLOWED_HOSTS: vault.origin() };
      const { desk, dek } = await wrappedAt(entry, leased, env);

      const key = await recovered(desk, leased, async () => {
        const wrapped = desk.read("wrapped").toString("base64");
        const before = `cd "$(mktemp -d)" && echo ${wrapped} | base64 -d > wrapped`;
        const shell = `${before} && ${commandsOf("Vault and OpenBao").trim()} && base64 opened`;
        desk.write("opened", Buffer.from(await vault.command("sh", "-c", shell), "base64"));
      });

      expect(key.equals(dek)).toBe(true);
    },
  );

  const tool = hasAwsCli ? "the AWS CLI" : "the request of the AWS CLI, which is not installed";
  it.for([false, true])(`opens a key at AWS with ${tool}; leased: %s`, async (leased) => {
    const { KeyMetadata } = await aws.kms().send(new CreateKeyCommand({}));
    const keyPath = { keyID: String(KeyMetadata?.Arn), region: REGION };
    const env = { TSP_KMS_AWS_ENDPOINT: aws.origin() };
    const { desk, dek } = await wrappedAt({ type: "AWS", keyPath, credentials: ROOT }, leased, env);

    const key = await recovered(desk, leased, async () => {
      if (hasAwsCli) return desk.follow(commandsOf("AWS"), awsEnvironment(aws.origin()));
      const CiphertextBlob = desk.read("wrapped");
      const { Plaintext } = await aws.kms().send(new DecryptCommand({ CiphertextBlob }));
      desk.write("opened", Plaintext ?? Buffer.alloc(0));
    });

    expect(key.equals(dek)).toBe(true);
  });
});

describe("the program for leased keys", () => {
  it.for([
    ["XChaCha20-Poly1305", {}],
    ["AES-256-GCM", { TSP_LEASE_CIPHER: "aes-256-gcm" }],
    ["the original's AES-256-GCM", { TSP_EDEK_BINDING: "none" }],
  ] as const)("opens %s with nothing but Node", async ([, env]) => {
    const server = await FakeVault.start({ documents: honest });
    onTestFinished(() => server.close());
    const entry = vaultEntry({ address: server.url });
    const settings = { TSP_KMS_ALLOWED_HOSTS: server.url, ...env };
    const { desk, dek } = await wrappedAt(entry, true, settings);

    const key = await recovered(desk, true, async () => {
      // This stand-in for a KMS writes a prefix in front, and nothing else.
      const text = desk.read("wrapped").toString().replace("vault:v1:", "");
      desk.write("opened", Buffer.from(text, "base64"));
    });

    expect(key.equals(dek)).toBe(true);
  });
});

function awsEnvironment(endpoint: string): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: ROOT.accessKeyId,
    AWS_SECRET_ACCESS_KEY: ROOT.secretAccessKey,
    AWS_ENDPOINT_URL: endpoint,
  };
}
