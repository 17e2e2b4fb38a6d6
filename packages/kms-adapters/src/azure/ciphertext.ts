import { bytesField, decodeMessage, encodeMessage, textField } from "../rest/message.ts";

/** What is stored: the RSA ciphertext and the version of the key that made it. */
export interface AzureCiphertext {
  readonly value: Uint8Array;
  /** Absent in data from before versions were recorded: the current one is meant. */
  readonly version: string | undefined;
}

const VERSION = /^[0-9a-zA-Z-]{1,127}$/;

/** Whether a text may be the version part of a key's URL. */
export function isKeyVersion(text: string): boolean {
  return VERSION.test(text);
}

/** `{1: value, 2: version}`: wire-protocol 4.3. */
export function encodeCiphertext(value: Uint8Array, version: string): Buffer {
  return encodeMessage(value, version);
}

/**
 * Bare RSA ciphertexts are read too, and some of them look like a message with empty fields by
 * accident: only a message with both fields is one.
 */
export function decodeCiphertext(wrapped: Uint8Array): AzureCiphertext {
  const fields = decodeMessage(wrapped);
  const value = bytesField(fields?.get(1));
  const version = textField(fields?.get(2));
  return value.byteLength > 0 && version !== undefined && isKeyVersion(version)
    ? { value, version }
    : { value: wrapped, version: undefined };
}
