import { decodeBase64, wipe } from "../bytes.ts";
import type { KmsError } from "../errors.ts";
import { configInvalid, Members } from "../members.ts";

/** One version of a key. */
export interface LocalKey {
  /** 1 to 2^32-1; the highest one wraps, all of them unwrap. */
  readonly version: number;
  /** 32 bytes. The driver takes a copy. */
  readonly key: Uint8Array;
}

/** A key of this process, in one or several versions. */
export interface LocalKmsOptions {
  /** Bound into every ciphertext: another name cannot open it. */
  readonly keyName: string;
  /** At least one. */
  readonly keys: readonly LocalKey[];
  /** A disabled key refuses everything with `KMS_KEY_UNAVAILABLE`. Default: false. */
  readonly disabled?: boolean;
}

/** A configuration as tenant files hold it: wire-protocol 5.1, architecture 4. */
export interface LocalKmsRecords {
  /** `{ keyName }` */
  readonly keyPath: unknown;
  /** `{ keys: [{ version, key: "<base64 of 32 bytes>" }], disabled? }` */
  readonly credentials: unknown;
}

export const NAME = "local";

const KEY_BYTES = 32;
const MAX_VERSION = 0xffff_ffff;
const MAX_KEYS = 1_000;

/**
 * Decodes base64 of exactly 32 bytes. One line break at the end is accepted, as keys live in files.
 * @throws KmsError `KMS_CONFIG_INVALID`, without the text
 */
export function parseLocalKey(text: string): Buffer {
  const key = decodeBase64(text.replace(/\r?\n$/, ""));
  if (key?.byteLength === KEY_BYTES) return key;
  if (key !== undefined) wipe(key);
  throw configInvalid(NAME, "a key must be base64 of 32 bytes");
}

/** @throws KmsError `KMS_CONFIG_INVALID` that names the member */
export function checkLocalOptions({ keyName, keys }: LocalKmsOptions): void {
  if (keyName.length === 0) throw configInvalid(NAME, "keyName must not be empty");
  if (keys.length === 0) throw configInvalid(NAME, "keys must hold at least one key");
  if (keys.length > MAX_KEYS) throw configInvalid(NAME, `keys must hold at most ${MAX_KEYS}`);
  const versions = new Set<number>();
  for (const [index, { version, key }] of keys.entries()) {
    if (!isVersion(version)) throw refuse(index, "version must be a whole number from 1 to 2^32-1");
    if (versions.has(version)) throw refuse(index, "version is there twice");
    if (key.byteLength !== KEY_BYTES) throw refuse(index, "key must have 32 bytes");
    versions.add(version);
  }
}

/** Reads the records of a tenant file. @throws KmsError `KMS_CONFIG_INVALID` that names the member */
export function parseLocalRecords({ keyPath, credentials }: LocalKmsRecords): LocalKmsOptions {
  const keyName = new Members(NAME, "keyPath", keyPath).text("keyName");
  const members = new Members(NAME, "credentials", credentials);
  const disabled = members.optionalFlag("disabled");
  const list = members.raw("keys");
  if (!Array.isArray(list)) throw members.refuse("keys", "must be a list");
  if (list.length > MAX_KEYS) throw members.refuse("keys", `must hold at most ${MAX_KEYS}`);

  const keys = list.map((entry: unknown, index): LocalKey => {
    const key = new Members(NAME, `credentials.keys[${index}]`, entry);
    const version = key.raw("version");
    if (!isVersion(version)) {
      throw key.refuse("version", "must be a whole number from 1 to 2^32-1");
    }
    return { version, key: keyBytes(key) };
  });
  return { keyName, keys, disabled };
}

function keyBytes(entry: Members): Uint8Array {
  try {
    return parseLocalKey(entry.text("key", { multiline: true }));
  } catch {
    throw entry.refuse("key", "must be base64 of 32 bytes");
  }
}

function isVersion(version: unknown): version is number {
  return Number.isInteger(version) && Number(version) >= 1 && Number(version) <= MAX_VERSION;
}

function refuse(index: number, reason: string): KmsError {
  return configInvalid(NAME, `keys[${index}].${reason}`);
}
