import { decodeBase64, wipe } from "../bytes.ts";
import { DriverError } from "../driver-error.ts";
import type { KmsDriver } from "../driver.ts";
import { networkFault } from "../http/network-fault.ts";
import { asText, type JsonObject } from "../rest/json.ts";
import { unusable } from "../rest/unusable.ts";
import { decodeCiphertext, encodeCiphertext, isKeyVersion } from "./ciphertext.ts";
import { type AzureCall, type AzureClient, createAzureClient } from "./client.ts";
import { type AzureConfig, type AzureKmsOptions, NAME, parseAzureOptions } from "./options.ts";

export type { AzureAlgorithm, AzureKmsOptions } from "./options.ts";

type KeyIdentity = Pick<AzureConfig, "keyName" | "vaultHost">;

/**
 * Azure Key Vault and Managed HSM: wrapKey and unwrapKey with an RSA key, always at the vault.
 * @throws KmsError `KMS_CONFIG_INVALID` that names the member
 */
export function azureKms(options: AzureKmsOptions): KmsDriver {
  const config = parseAzureOptions(options);
  return azureDriver(config, createAzureClient(config, options));
}

function azureDriver(key: KeyIdentity, client: AzureClient): KmsDriver {
  return {
    name: NAME,

    async wrap(plaintext, { signal }) {
      const answer = await client.call({ operation: "wrap", value: encode(plaintext), signal });
      return encodeCiphertext(readValue(answer), readVersion(answer, key));
    },

    async unwrap(wrapped, { signal }) {
      const { value, version } = decodeCiphertext(wrapped);
      const call = { operation: "unwrap", version, value: encode(value), signal } as const;
      const answer = await client.call(call).catch(async (error: unknown) => {
        if (version !== undefined && isNotFound(error)) await explainNotFound(call);
        throw error;
      });
      const answered = readVersion(answer, key);
      if (version !== undefined && answered !== version) throw anotherKey();
      return readValue(answer);
    },

    fault: (error) => networkFault(error) ?? { code: "KMS_UNKNOWN" },

    close: () => client.close(),
  };

  /**
   * Nothing under that version: either the key is gone, or the ciphertext names a version that
   * never was. The same request without the version tells which.
   * @throws DriverError what the vault says of the current version
   */
  async function explainNotFound(call: AzureCall): Promise<never> {
    const answer = await client.call({ ...call, version: undefined });
    wipe(readValue(answer));
    const detail = "Code: KeyNotFound, the ciphertext names a version that the key does not have";
    throw new DriverError({ code: "KMS_CIPHERTEXT_INVALID", detail, httpStatus: 404 });
  }
}

function isNotFound(error: unknown): boolean {
  if (!(error instanceof DriverError)) return false;
  const { code, httpStatus } = error.fault;
  return httpStatus === 404 && code === "KMS_CONFIG_INVALID";
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url");
}

function readValue(answer: JsonObject): Buffer {
  const text = (asText(answer["value"]) ?? "").replace(/={1,2}$/, "");
  const padding = "=".repeat((4 - (text.length % 4)) % 4);
  const bytes = /^[\w-]+$/.test(text)
    ? decodeBase64(text.replaceAll("-", "+").replaceAll("_", "/") + padding)
    : undefined;
  if (bytes === undefined || bytes.byteLength === 0) throw unusable("the answer holds no bytes");
  return bytes;
}

const KEY_ID = /^https?:\/\/(?<host>[^/?#]+)\/keys\/(?<name>[^/?#]+)\/(?<version>[^/?#]+)$/;

/** The version out of the answer's key id, which must be one of this key in this vault. */
function readVersion(answer: JsonObject, { keyName, vaultHost }: KeyIdentity): string {
  const { host, name, version } = KEY_ID.exec(asText(answer["kid"]) ?? "")?.groups ?? {};
  const same =
    (vaultHost === undefined || host?.toLowerCase().replace(/:\d+$/, "") === vaultHost) &&
    // Azure takes names of keys without regard to case.
    name?.toLowerCase() === keyName.toLowerCase();
  if (!same || version === undefined || !isKeyVersion(version)) throw anotherKey();
  return version;
}

function anotherKey(): DriverError {
  return unusable("the answer is of another key");
}
