import { localKms } from "@tenant-security/kms-adapters/local";
import type { DriverFactory } from "../../../src/keys/kms-client.ts";

/** The embedded KMS, one key per configuration id. */
export const localDriver: DriverFactory = async ({ id }) =>
  localKms({ keyName: `key-${id}`, keys: [{ version: 1, key: Buffer.alloc(32, id) }] });
