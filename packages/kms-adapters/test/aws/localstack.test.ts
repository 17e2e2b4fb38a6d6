import { randomBytes } from "node:crypto";
import {
  CreateAliasCommand,
  CreateKeyCommand,
  type CreateKeyCommandInput,
  DecryptCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  EncryptCommand,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
  UpdateAliasCommand,
} from "@aws-sdk/client-kms";
import { expect, it, onTestFinished } from "vitest";
import { awsKms } from "../../src/aws/index.ts";
import { describeKmsDriver } from "../../src/conformance/index.ts";
import { failure } from "../../src/conformance/probes.ts";
import { AddressPolicy, Kms } from "../../src/index.ts";
import { describeWithContainers } from "../containers/engine.ts";
import { openGate } from "../containers/gate.ts";
import { REGION, ROOT, useLocalStack } from "./containers.ts";

const DEK = randomBytes(32);

describeWithContainers("LocalStack 4", () => {
  const aws = useLocalStack();

  async function newKey(input: CreateKeyCommandInput = {}): Promise<{ id: string; arn: string }> {
    const { KeyMetadata } = await aws.kms().send(new CreateKeyCommand(input));
    return { id: String(KeyMetadata?.KeyId), arn: String(KeyMetadata?.Arn) };
  }

  function driver(keyPath: object, endpoint: string = aws.origin()) {
    const policy = new AddressPolicy({ allowedHosts: [endpoint] });
    return awsKms({ keyPath, credentials: ROOT, policy, endpoint });
  }

  function open(keyPath: object): Kms {
    const kms = new Kms(driver(keyPath));
    onTestFinished(() => kms.close());
    return kms;
  }

  describeKmsDriver("aws", async () => {
    const gate = await openGate(aws.host(), aws.port());
    const endpoint = `http://127.0.0.1:${gate.port}`;
    const keys = [await newKey(), await newKey()] as const;
    return {
      drivers: async () => [
        driver({ keyID: keys[0].arn }, endpoint),
        driver({ keyID: keys[1].arn }, endpoint),
      ],
      stall: gate.stall,
      peakSockets: gate.peakSockets,
      maxSockets: 32,
      dispose: gate.close,
    };
  });

  it("opens with the vendor's client what the driver wrapped, and the other way round", async () => {
    const { arn } = await newKey();
    const kms = open({ keyID: arn });

    const CiphertextBlob = await kms.wrap(DEK);
    // As `aws kms decrypt --ciphertext-blob fileb://…` of the recovery guide: no key is named.
    const opened = await aws.kms().send(new DecryptCommand({ CiphertextBlob }));
    expect(Buffer.from(opened.Plaintext ?? []).equals(DEK)).toBe(true);

    const made = await aws.kms().send(new EncryptCommand({ KeyId: arn, Plaintext: DEK }));
    expect((await kms.unwrap(made.CiphertextBlob ?? DEK)).equals(DEK)).toBe(true);
  });

  it.for(["id", "ARN", "alias", "alias ARN"])("finds a key by its %s", async (form) => {
    const { id, arn } = await newKey();
    const AliasName = `alias/teams/${id}`;
    await aws.kms().send(new CreateAliasCommand({ AliasName, TargetKeyId: id }));
    const forms: Record<string, object> = {
      id: { keyID: id, region: REGION },
      ARN: { keyID: arn },
      alias: { keyID: AliasName, region: REGION },
      "alias ARN": { keyID: arn.replace(`key/${id}`, AliasName), region: REGION },
    };
    const kms = open(forms[form] ?? {});

    expect((await kms.unwrap(await kms.wrap(DEK))).equals(DEK)).toBe(true);
  });

  it("opens what was wrapped before the key was rotated", async () => {
    const { id, arn } = await newKey();
    const kms = open({ keyID: arn });
    const before = await kms.wrap(DEK);
    await aws.kms().send(new RotateKeyOnDemandCommand({ KeyId: id }));

    expect((await kms.unwrap(before)).equals(DEK)).toBe(true);
    expect((await kms.unwrap(await kms.wrap(DEK))).equals(DEK)).toBe(true);
  });

  it("does not open under another key of the alias what belongs to the first", async () => {
    const [one, two] = [await newKey(), await newKey()];
    const AliasName = `alias/moved-${one.id}`;
    await aws.kms().send(new CreateAliasCommand({ AliasName, TargetKeyId: one.id }));
    const kms = open({ keyID: AliasName, region: REGION });
    const wrapped = await kms.wrap(DEK);
    await aws.kms().send(new UpdateAliasCommand({ AliasName, TargetKeyId: two.id }));

    expect(await failure(kms.unwrap(wrapped))).toBe("KMS_CIPHERTEXT_INVALID");
  });

  it("binds the encryption context into the ciphertext", async () => {
    const { arn } = await newKey();
    const bound = open({ keyID: arn, encryptionContext: { tenant: "acme" } });
    const wrapped = await bound.wrap(DEK);

    expect((await bound.unwrap(wrapped)).equals(DEK)).toBe(true);
    const other = open({ keyID: arn, encryptionContext: { tenant: "other" } });
    expect(await failure(other.unwrap(wrapped))).toBe("KMS_CIPHERTEXT_INVALID");
    expect(await failure(open({ keyID: arn }).unwrap(wrapped))).toBe("KMS_CIPHERTEXT_INVALID");
  });

  it("says that the key was disabled, and works again when it was enabled", async () => {
    const { id, arn } = await newKey();
    const kms = open({ keyID: arn });
    const wrapped = await kms.wrap(DEK);
    await aws.kms().send(new DisableKeyCommand({ KeyId: id }));

    await expect(kms.wrap(DEK)).rejects.toMatchObject({
      code: "KMS_KEY_UNAVAILABLE",
      message: expect.stringContaining("Code: DisabledException"),
    });
    expect(await failure(kms.unwrap(wrapped))).toBe("KMS_KEY_UNAVAILABLE");

    await aws.kms().send(new EnableKeyCommand({ KeyId: id }));
    expect((await kms.unwrap(wrapped)).equals(DEK)).toBe(true);
  });

  it("says that the key waits for its deletion", async () => {
    const { id, arn } = await newKey();
    const kms = open({ keyID: arn });
    const wrapped = await kms.wrap(DEK);
    await aws.kms().send(new ScheduleKeyDeletionCommand({ KeyId: id, PendingWindowInDays: 7 }));

    expect(await failure(kms.wrap(DEK))).toBe("KMS_KEY_UNAVAILABLE");
    expect(await failure(kms.unwrap(wrapped))).toBe("KMS_KEY_UNAVAILABLE");
  });

  it("says that the key is not there", async () => {
    const { arn } = await newKey();
    const kms = open({ keyID: arn.replace(/.{12}$/, "000000000000") });

    await expect(kms.wrap(DEK)).rejects.toMatchObject({
      code: "KMS_CONFIG_INVALID",
      message: expect.stringContaining("Code: NotFoundException"),
    });
  });

  it("says that the key is of another kind", async () => {
    const { arn } = await newKey({ KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" });

    expect(await failure(open({ keyID: arn }).wrap(DEK))).toBe("KMS_CONFIG_INVALID");
  });
});
