import { randomBytes } from "node:crypto";
import { CryptographyClient, KeyClient, type KeyWrapAlgorithm } from "@azure/keyvault-keys";
import { describe, expect, it, onTestFinished } from "vitest";
import { decodeCiphertext, encodeCiphertext } from "../src/azure/ciphertext.ts";
import { type AzureAlgorithm, azureKms } from "../src/azure/index.ts";
import { Kms } from "../src/index.ts";
import { startAzure } from "./fakes/azure-world.ts";
import { failureOf } from "./fakes/failure.ts";

// Every algorithm of ours is one of the vendor's.
const ALGORITHM: KeyWrapAlgorithm = "RSA-OAEP-256" satisfies AzureAlgorithm;

type Credential = ConstructorParameters<typeof KeyClient>[1];

describe("Microsoft's own client and ours", { timeout: 60_000 }, () => {
  it("open each other's ciphertexts, with a key that the SDK made", async () => {
    const { azure, kms, keys, cryptography } = await setUp();
    const key = randomBytes(32);
    const made = await keys.createKey("from-sdk", "RSA");
    const sdk = cryptography(made.id ?? "");

    const { value, version } = decodeCiphertext(await kms.wrap(key));
    const opened = await sdk.unwrapKey(ALGORITHM, value);
    const theirs = await sdk.wrapKey(ALGORITHM, key);
    const stored = encodeCiphertext(theirs.result, made.properties.version ?? "");

    expect(Buffer.from(opened.result)).toEqual(key);
    expect(await kms.unwrap(stored)).toEqual(key);
    expect([version]).toEqual(azure.versions("from-sdk"));
  });

  it("are told the same about a disabled key", async () => {
    const { azure, kms, keys, cryptography } = await setUp();
    const made = await keys.createKey("from-sdk", "RSA");
    azure.setEnabled("from-sdk", false);

    const ours = await failureOf(kms.wrap(randomBytes(32)));
    const theirs = cryptography(made.id ?? "").unwrapKey(ALGORITHM, randomBytes(256));

    await expect(theirs).rejects.toMatchObject({
      statusCode: 403,
      code: "Forbidden",
      details: { error: { code: "Forbidden", innerError: { code: "KeyDisabled" } } },
    });
    expect(ours).toMatchObject({ code: "KMS_KEY_UNAVAILABLE", httpStatus: 403 });
    expect(ours.message).toContain("Code: Forbidden KeyDisabled");
  });
});

async function setUp() {
  const { azure, server, options } = await startAzure();
  const address = `https://127.0.0.1:${server.port}`;
  const admin = azure.entra.createApp("get", "create", "wrapKey", "unwrapKey");
  const credential: Credential = {
    getToken: async () => ({
      token: azure.entra.issue(admin, azure.audience),
      expiresOnTimestamp: Date.now() + 3_600_000,
    }),
  };
  const sdkOptions = {
    // Both are about the address, which is not Microsoft's here.
    disableChallengeResourceVerification: true,
    tlsOptions: { ca: options().caCertificate },
  };
  const kms = new Kms(azureKms(options({ path: { keyName: "from-sdk" } })));
  onTestFinished(async () => {
    await kms.close();
    await server.close();
  });
  return {
    azure,
    kms,
    keys: new KeyClient(address, credential, sdkOptions),
    cryptography: (id: string) =>
      new CryptographyClient(id.replace(azure.origin, address), credential, sdkOptions),
  };
}
