import { randomFillSync } from "node:crypto";
import { wipe } from "../bytes.ts";
import { DriverError } from "../driver-error.ts";
import type { KmsDriver } from "../driver.ts";
import { IV_BYTES, keyVersion, type KeyVersion, open, seal, versionOf } from "./ciphertext.ts";
import { localError } from "./faults.ts";
import {
  checkLocalOptions,
  type LocalKmsOptions,
  type LocalKmsRecords,
  NAME,
  parseLocalRecords,
} from "./options.ts";

export type { LocalKey, LocalKmsOptions, LocalKmsRecords } from "./options.ts";
export { parseLocalKey } from "./options.ts";

/**
 * AES-256-GCM under keys that live in this process: for demos, tests and single machines.
 * Whoever reads the process or its configuration has the keys; nothing is audited elsewhere.
 * @throws KmsError `KMS_CONFIG_INVALID`
 */
export function localKms(options: LocalKmsOptions): KmsDriver {
  checkLocalOptions(options);
  const { keyName, keys, disabled = false } = options;
  const versions = new Map(keys.map((entry) => [entry.version, keyVersion(entry, keyName)]));
  const newest = Math.max(...versions.keys());

  const usable = (): ReadonlyMap<number, KeyVersion> => {
    if (versions.size === 0) throw localError("CLOSED");
    if (disabled) throw localError("DISABLED");
    return versions;
  };

  return {
    name: NAME,
    wrap: (key) => seal(pick(usable(), newest), nextIv(), key),
    unwrap: (wrapped) => open(pick(usable(), versionOf(wrapped)), wrapped),
    fault: (error) => (error instanceof DriverError ? error.fault : { code: "KMS_UNKNOWN" }),
    async close() {
      versions.clear();
    },
  };
}

/** The same from the raw records of a configuration. @throws KmsError `KMS_CONFIG_INVALID` */
export function localKmsFromRecords(records: LocalKmsRecords): KmsDriver {
  const options = parseLocalRecords(records);
  try {
    return localKms(options);
  } finally {
    for (const { key } of options.keys) wipe(key);
  }
}

function pick(versions: ReadonlyMap<number, KeyVersion>, version: number): KeyVersion {
  const found = versions.get(version);
  if (found === undefined) throw localError("UNKNOWN_VERSION");
  return found;
}

const pool = Buffer.alloc(IV_BYTES * 512);
let used = pool.byteLength;

/** IVs are no secret: drawn many at a time, because one system call costs more than the cipher. */
function nextIv(): Uint8Array {
  if (used === pool.byteLength) {
    randomFillSync(pool);
    used = 0;
  }
  used += IV_BYTES;
  return pool.subarray(used - IV_BYTES, used);
}
