import type { KmsDriver } from "../../src/index.ts";

export const KEY: Buffer = Buffer.from("0123456789abcdef0123456789abcdef");
export const WRAPPED: Buffer = Buffer.from("wrapped");

/** A driver that always works, but for the parts given. */
export function fakeDriver(parts: Partial<KmsDriver>): KmsDriver {
  return {
    name: "fake",
    wrap: async () => Buffer.from(WRAPPED),
    unwrap: async () => Buffer.from(KEY),
    fault: () => ({ code: "KMS_UNKNOWN" }),
    ...parts,
  };
}

export function fail(error: Error): never {
  throw error;
}
