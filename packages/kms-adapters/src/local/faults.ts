import { DriverError } from "../driver-error.ts";
import type { KmsErrorCode } from "../errors.ts";

export type LocalFault = "CLOSED" | "DISABLED" | "MALFORMED" | "TAMPERED" | "UNKNOWN_VERSION";

const FAULTS: Readonly<Record<LocalFault, readonly [KmsErrorCode, string]>> = {
  CLOSED: ["KMS_CLOSED", "the driver was closed"],
  DISABLED: ["KMS_KEY_UNAVAILABLE", "the key is disabled"],
  MALFORMED: ["KMS_CIPHERTEXT_INVALID", "the ciphertext is not of this driver"],
  TAMPERED: ["KMS_CIPHERTEXT_INVALID", "the ciphertext was changed or is of another key"],
  UNKNOWN_VERSION: [
    "KMS_CIPHERTEXT_INVALID",
    "the ciphertext names a key version that is not here",
  ],
};

export function localError(name: LocalFault, cause?: unknown): DriverError {
  const [code, text] = FAULTS[name];
  return new DriverError({ code, detail: `Code: ${name}, ${text}` }, { cause });
}
