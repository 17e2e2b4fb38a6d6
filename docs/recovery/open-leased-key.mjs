// Opens the key of a leased EDEK with the lease key that the tenant's KMS gave back. Needs Node and
// nothing else: `node open-leased-key.mjs TENANT LEASE_KEY_FILE < inspection.json > key`
import { createCipheriv, createDecipheriv } from "node:crypto";
import { readFileSync } from "node:fs";

const [tenant, keyFile] = process.argv.slice(2);
if (keyFile === undefined) {
  console.error("usage: open-leased-key.mjs TENANT LEASE_KEY_FILE < inspection.json > key");
  process.exit(64);
}
// Behind the 32 bytes of a lease key stands what it is bound to.
const leaseKey = readFileSync(keyFile).subarray(0, 32);
const { kmsConfigId, lease } = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(open(Buffer.from(lease.sealedKey, "base64"), Buffer.from(lease.iv, "base64")));

/** The length and the first byte of the IV name the cipher. */
function open(sealed, iv) {
  if (iv.length === 12) return decrypt("aes-256-gcm", leaseKey, iv, sealed);
  if (iv.length === 13 && iv[0] === 2) {
    return decrypt("aes-256-gcm", leaseKey, iv.subarray(1), sealed, binding());
  }
  if (iv.length === 25 && iv[0] === 3) {
    // XChaCha20-Poly1305: a subkey of the first 16 bytes, ChaCha20-Poly1305 with the other 8.
    const subkey = hchacha20(leaseKey, iv.subarray(1, 17));
    const nonce = Buffer.concat([Buffer.alloc(4), iv.subarray(17)]);
    return decrypt("chacha20-poly1305", subkey, nonce, sealed, binding());
  }
  throw new Error(`no cipher has an IV of ${iv.length} bytes`);
}

function decrypt(cipher, key, nonce, sealed, aad) {
  const decipher = createDecipheriv(cipher, key, nonce, { authTagLength: 16 });
  if (aad !== undefined) decipher.setAAD(aad, { plaintextLength: sealed.length - 16 });
  decipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
}

/** What a key is bound to: a label, the tenant's id with its length, configuration, lease. */
function binding() {
  const id = Buffer.from(tenant, "utf8");
  const label = Buffer.from("tsp-edek-v2", "ascii");
  return Buffer.concat([label, number(id.length), id, number(kmsConfigId), number(lease.id)]);
}

/** 4 bytes, big-endian. */
function number(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A block of ChaCha20 without the final addition of its input. */
function hchacha20(key, nonce) {
  const block = createCipheriv("chacha20", key, nonce).update(Buffer.alloc(64));
  const words = ["expa", "nd 3", "2-by", "te k"].map((text) => Buffer.from(text).readUInt32LE());
  const input = [...words, ...[0, 4, 8, 12].map((at) => nonce.readUInt32LE(at))];
  const subkey = Buffer.alloc(32);
  for (const [index, at] of [0, 4, 8, 12, 48, 52, 56, 60].entries()) {
    subkey.writeUInt32LE((block.readUInt32LE(at) - input[index]) >>> 0, index * 4);
  }
  return subkey;
}
