import { generateKeyPairSync, type KeyObject } from "node:crypto";

const POOL = 4;
const keys: KeyObject[] = [];
let given = 0;

/**
 * An RSA key of 2048 bits, different from the three given before. Making one takes longer than all
 * the rest of a test.
 */
export function nextRsaKey(): KeyObject {
  const index = given % POOL;
  given += 1;
  keys[index] ??= generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey;
  return keys[index];
}
