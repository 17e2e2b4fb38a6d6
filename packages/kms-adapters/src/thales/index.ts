import { decodeBase64, wipe } from "../bytes.ts";
import type { KmsDriver } from "../driver.ts";
import { networkFault } from "../http/network-fault.ts";
import { asText, type JsonObject } from "../rest/json.ts";
import { unusable } from "../rest/unusable.ts";
import {
  decodeCiphertext,
  encodeCiphertext,
  type KeyIdType,
  KEY_ID_TYPES,
  MODE,
  TAG_BYTES,
  type ThalesCiphertext,
} from "./ciphertext.ts";
import { createThalesClient, type ThalesClient } from "./client.ts";
import { KeyIdentity } from "./identity.ts";
import { NAME, parseThalesOptions, type ThalesConfig, type ThalesKmsOptions } from "./options.ts";

export type { KeyIdType } from "./ciphertext.ts";
export type { ThalesKmsOptions } from "./options.ts";

type Key = Pick<ThalesConfig, "keyId" | "keyIdType">;

/**
 * Thales CipherTrust Manager: AES-GCM at the manager, over its REST API.
 * @throws KmsError `KMS_CONFIG_INVALID` that names the member
 */
export function thalesKms(options: ThalesKmsOptions): KmsDriver {
  const config = parseThalesOptions(options);
  return thalesDriver(config, createThalesClient(config, options));
}

function thalesDriver({ keyId, keyIdType }: Key, client: ThalesClient): KmsDriver {
  const identity = new KeyIdentity(keyId);
  const key = keyIdType === undefined ? { id: keyId } : { id: keyId, type: keyIdType };

  return {
    name: NAME,

    async wrap(plaintext, { signal }) {
      const body = { ...key, plaintext: encode(plaintext), mode: MODE };
      const answer = await client.call("wrap", body, signal);
      const sealed = readSealed(answer, plaintext.byteLength);
      if (!identity.matches(answer, sealed.version)) throw unusable("the answer is of another key");
      return encodeCiphertext(sealed, keyIdType ?? typeOf(answer, keyId));
    },

    async unwrap(wrapped, { signal }) {
      const { ciphertext, iv, tag, version } = decodeCiphertext(wrapped);
      const sealed = { ciphertext: encode(ciphertext), iv: encode(iv), tag: encode(tag) };
      const answer = await client.call(
        "unwrap",
        { ...key, ...sealed, mode: MODE, version },
        signal,
      );
      const plaintext = readBytes(answer, "plaintext");
      // GCM neither pads nor cuts.
      if (plaintext.byteLength === ciphertext.byteLength) return plaintext;
      wipe(plaintext);
      throw unusable("the plaintext has another length than its ciphertext");
    },

    fault: (error) => networkFault(error) ?? { code: "KMS_UNKNOWN" },

    close: () => client.close(),
  };
}

function readSealed(answer: JsonObject, length: number): ThalesCiphertext {
  const ciphertext = readBytes(answer, "ciphertext");
  const iv = readBytes(answer, "iv");
  const tag = readBytes(answer, "tag");
  const { version } = answer;
  if (ciphertext.byteLength !== length || tag.byteLength !== TAG_BYTES) {
    throw unusable("the ciphertext or its tag has a wrong length");
  }
  if ((asText(answer["mode"]) ?? MODE).toLowerCase() !== MODE) {
    throw unusable("the answer is of another cipher mode");
  }
  if (!isVersion(version)) throw unusable("the answer names no version of the key");
  return { ciphertext, iv, tag, version };
}

function isVersion(version: unknown): version is number {
  return Number.isInteger(version) && Number(version) >= 0 && Number(version) <= 0x7fff_ffff;
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

function readBytes(answer: JsonObject, name: string): Buffer {
  const bytes = decodeBase64(asText(answer[name]) ?? "");
  if (bytes === undefined || bytes.byteLength === 0) throw unusable(`the answer holds no ${name}`);
  return bytes;
}

/** What the answer's id is; answers of older releases do not say it. */
function typeOf(answer: JsonObject, keyId: string): KeyIdType {
  const said = KEY_ID_TYPES.find((type) => type === answer["type"]);
  return said ?? (answer["id"] === keyId ? "id" : "name");
}
