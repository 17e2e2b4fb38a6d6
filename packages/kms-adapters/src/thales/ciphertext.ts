import { DriverError } from "../driver-error.ts";
import {
  bytesField,
  decodeMessage,
  encodeMessage,
  numberField,
  textField,
} from "../rest/message.ts";

export const KEY_ID_TYPES = ["id", "name", "uri", "alias"] as const;

/** What kind of text identifies a key. */
export type KeyIdType = (typeof KEY_ID_TYPES)[number];

/** What is stored of one encryption; the mode is always GCM. */
export interface ThalesCiphertext {
  readonly ciphertext: Uint8Array;
  readonly iv: Uint8Array;
  readonly tag: Uint8Array;
  /** 0 and up. */
  readonly version: number;
}

export const MODE = "gcm";
export const TAG_BYTES = 16;

/** `{1: data, 2: iv, 3: tag, 4: mode, 5: version, 6: type of the key's id}`: wire-protocol 4.3. */
export function encodeCiphertext(
  { ciphertext, iv, tag, version }: ThalesCiphertext,
  type: KeyIdType,
): Buffer {
  return encodeMessage(ciphertext, iv, tag, MODE, version, type);
}

/**
 * Only GCM with a whole tag is read: what is stored comes from outside, and must not choose a mode
 * without authentication.
 * @throws DriverError `KMS_CIPHERTEXT_INVALID`
 */
export function decodeCiphertext(wrapped: Uint8Array): ThalesCiphertext {
  const fields = decodeMessage(wrapped);
  const ciphertext = bytesField(fields?.get(1));
  const iv = bytesField(fields?.get(2));
  const tag = bytesField(fields?.get(3));
  const version = numberField(fields?.get(5));
  const usable =
    ciphertext.byteLength > 0 &&
    iv.byteLength > 0 &&
    tag.byteLength === TAG_BYTES &&
    textField(fields?.get(4))?.toLowerCase() === MODE &&
    version >= 0 &&
    isType(textField(fields?.get(6)));
  if (usable) return { ciphertext, iv, tag, version };
  const detail = "the ciphertext is not of this driver";
  throw new DriverError({ code: "KMS_CIPHERTEXT_INVALID", detail });
}

/** The field is read by nobody, yet what stands there tells a damaged message from a whole one. */
function isType(text: string | undefined): boolean {
  return text === "" || KEY_ID_TYPES.some((type) => type === text?.toLowerCase());
}
