import { decodeBase64, wipe } from "../bytes.ts";
import type { KmsDriver } from "../driver.ts";
import { networkFault } from "../http/network-fault.ts";
import { unusable } from "../rest/unusable.ts";
import { asText } from "../rest/json.ts";
import { createGcpClient, type GcpClient } from "./client.ts";
import { crc32c } from "./crc32c.ts";
import { type GcpKmsOptions, NAME, parseGcpOptions } from "./options.ts";

export type { GcpKmsOptions } from "./options.ts";

/**
 * Google Cloud KMS: encrypt and decrypt with a symmetric key, checksums both ways.
 * @throws KmsError `KMS_CONFIG_INVALID` that names the member
 */
export function gcpKms(options: GcpKmsOptions): KmsDriver {
  const config = parseGcpOptions(options);
  return gcpDriver(config.keyName, createGcpClient(config, options));
}

function gcpDriver(keyName: string, client: GcpClient): KmsDriver {
  return {
    name: NAME,

    async wrap(key, { signal }) {
      const plaintext = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
      const body = { plaintext: plaintext.toString("base64"), plaintextCrc32c: checksum(key) };
      const answer = await client.call("wrap", body, signal);
      if (!isVersionOf(answer["name"], keyName)) throw unusable("the answer is of another key");
      if (answer["verifiedPlaintextCrc32c"] !== true) {
        throw unusable("the KMS did not confirm the checksum of what it encrypted");
      }
      return readBytes(answer["ciphertext"], answer["ciphertextCrc32c"]);
    },

    async unwrap(wrapped, { signal }) {
      const bytes = Buffer.from(wrapped.buffer, wrapped.byteOffset, wrapped.byteLength);
      const body = { ciphertext: bytes.toString("base64"), ciphertextCrc32c: checksum(wrapped) };
      const answer = await client.call("unwrap", body, signal);
      return readBytes(answer["plaintext"], answer["plaintextCrc32c"]);
    },

    fault: (error) => networkFault(error) ?? { code: "KMS_UNKNOWN" },

    close: () => client.close(),
  };
}

/** The API writes 64-bit numbers as text. */
function checksum(bytes: Uint8Array): string {
  return String(crc32c(bytes));
}

function readBytes(text: unknown, claimed: unknown): Buffer {
  const bytes = decodeBase64(asText(text) ?? "");
  if (bytes === undefined || bytes.byteLength === 0) throw unusable("the answer holds no bytes");
  if (String(claimed) === checksum(bytes)) return bytes;
  wipe(bytes);
  throw unusable("the checksum of the answer does not match");
}

const SEGMENTS = /^projects\/([^/]+)\/(.+)$/;

/** Whether a resource name is a version of the key; versions come and go with rotation. */
function isVersionOf(name: unknown, keyName: string): boolean {
  const version = asText(name) ?? "";
  const key = version.replace(/\/cryptoKeyVersions\/\d+$/, "");
  if (key === version) return false;
  const [, project = "", rest] = SEGMENTS.exec(keyName) ?? [];
  const [, answered, answeredRest] = SEGMENTS.exec(key) ?? [];
  // A key that was named by its project's number may be answered with the project's id.
  return rest === answeredRest && (project === answered || /^\d+$/.test(project));
}
