import { createPrivateKey, createPublicKey } from "node:crypto";
import { EventQueueError } from "./errors.ts";
import type { CurveKeyPair } from "./options.ts";

const ALPHABET =
  "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/** What stands before the 32 bytes of an X25519 key in PKCS #8 (RFC 8410). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b656e04220420", "hex");

/**
 * Refuses keys that are no Z85 text of 32 bytes, and pairs whose halves do not belong together: a
 * reader would be turned away without a word anywhere.
 * @throws EventQueueError `OPTION_INVALID`, without the keys
 */
export function checkCurveKeys({ publicKey, secretKey }: CurveKeyPair): void {
  const expected = decodeKey("curve.publicKey", publicKey);
  const secret = decodeKey("curve.secretKey", secretKey);
  const der = Buffer.concat([PKCS8_PREFIX, secret]);
  try {
    const key = createPublicKey(createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
    const { x = "" } = key.export({ format: "jwk" });
    if (!Buffer.from(x, "base64url").equals(expected)) {
      throw invalid("curve.publicKey does not belong to curve.secretKey");
    }
  } finally {
    der.fill(0);
    secret.fill(0);
  }
}

/** Z85 is ZeroMQ's base 85: five characters for four bytes, most significant first. */
function decodeKey(name: string, text: string): Buffer {
  const key = Buffer.alloc(32);
  if (text.length !== 40) throw invalid(`${name} must be 40 characters of Z85`);
  for (let group = 0; group < 8; group += 1) {
    let value = 0;
    for (const character of text.slice(group * 5, group * 5 + 5)) {
      const digit = ALPHABET.indexOf(character);
      if (digit < 0) throw invalid(`${name} holds a character that is not Z85`);
      value = value * 85 + digit;
    }
    if (value > 0xffff_ffff) throw invalid(`${name} is not Z85`);
    key.writeUInt32BE(value, group * 4);
  }
  return key;
}

function invalid(message: string): EventQueueError {
  return new EventQueueError("OPTION_INVALID", message);
}
