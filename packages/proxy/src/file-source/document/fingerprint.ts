import { hash } from "node:crypto";

/** Changes whenever any of the values does. */
export type Fingerprint = (values: unknown) => string;

/**
 * A keyed hash of plain data. The key is random and stays in the process, so that nobody can try
 * guesses of a credential against a fingerprint that a log might show.
 */
export function keyedFingerprint(key: Uint8Array): Fingerprint {
  // One call a record: an HMAC object costs ten times as much. Nobody can extend a message whose
  // hash is cut to half, nor would it help.
  const prefix = Buffer.from(key).toString("hex");
  return (values) => hash("sha256", prefix + JSON.stringify(values), "base64url").slice(0, 22);
}
