import { DecryptCommand, EncryptCommand } from "@aws-sdk/client-kms";
import { ownCopy, wipe } from "../bytes.ts";
import { DriverError } from "../driver-error.ts";
import type { KmsDriver } from "../driver.ts";
import { unusable } from "../rest/unusable.ts";
import { type AwsClients, createAwsClients } from "./client.ts";
import { awsFault } from "./faults.ts";
import { isSameKey } from "./key-id.ts";
import { type AwsKmsOptions, type AwsSettings, NAME, parseAwsOptions } from "./options.ts";

export type { AwsKmsOptions } from "./options.ts";

/** What AWS accepts in `Decrypt`. */
const MAX_WRAPPED_BYTES = 6_144;

/**
 * AWS KMS: Encrypt and Decrypt with a symmetric key, by key id, alias or ARN. Uses the credentials
 * it is given and never those of environment, profile or machine.
 * @throws KmsError `KMS_CONFIG_INVALID`
 */
export function awsKms(options: AwsKmsOptions): KmsDriver {
  const settings = parseAwsOptions(options);
  return awsDriver(settings, createAwsClients(settings, options));
}

type DriverSettings = Pick<AwsSettings, "key" | "region" | "encryptionContext">;

/** The driver over clients of whatever credentials. */
function awsDriver(settings: DriverSettings, clients: AwsClients): KmsDriver {
  const { key, region, encryptionContext: EncryptionContext } = settings;
  const common = { KeyId: key.text, EncryptionContext };

  function checkKey(answered: unknown): void {
    if (!isSameKey(key, region, answered)) throw unusable("the answer is of another key");
  }

  return {
    name: NAME,

    async wrap(Plaintext, { signal: abortSignal }) {
      const command = new EncryptCommand({ ...common, Plaintext });
      const answer = await clients.use(abortSignal, (aws) => aws.send(command, { abortSignal }));
      checkKey(answer.KeyId);
      return ownCopy(present(answer.CiphertextBlob, "ciphertext"));
    },

    async unwrap(CiphertextBlob, { signal: abortSignal }) {
      if (CiphertextBlob.byteLength > MAX_WRAPPED_BYTES) throw tooLong();
      // Naming the key keeps AWS from choosing one by what the ciphertext says.
      const command = new DecryptCommand({ ...common, CiphertextBlob });
      const answer = await clients.use(abortSignal, (aws) => aws.send(command, { abortSignal }));
      const plaintext = present(answer.Plaintext, "plaintext");
      try {
        checkKey(answer.KeyId);
        return ownCopy(plaintext);
      } finally {
        wipe(plaintext);
      }
    },

    fault: (error) => awsFault(error),

    close: () => clients.close(),
  };
}

function present(bytes: Uint8Array | undefined, what: string): Uint8Array {
  if (bytes instanceof Uint8Array && bytes.byteLength > 0) return bytes;
  throw unusable(`the answer holds no ${what}`);
}

function tooLong(): DriverError {
  const detail = `Code: TOO_LONG, AWS takes ciphertexts of at most ${MAX_WRAPPED_BYTES} bytes`;
  return new DriverError({ code: "KMS_CIPHERTEXT_INVALID", detail });
}
