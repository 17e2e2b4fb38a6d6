import { DriverError } from "../driver-error.ts";
import type { AddressPolicy, AddressRules, KmsAddress } from "../http/address-policy.ts";
import { configInvalid } from "../members.ts";

export interface AdmitOptions {
  readonly driver: string;
  /** Where the origin came from, for the message: `keyPath.serviceUrl`. */
  readonly member: string;
  readonly policy: AddressPolicy;
}

/**
 * Admits the origin of a configuration.
 * @throws KmsError `KMS_CONFIG_INVALID` that names the member and the broken rule, not the origin
 */
export function admit(
  origin: string,
  rules: AddressRules,
  { driver, member, policy }: AdmitOptions,
): KmsAddress {
  try {
    return policy.admit(origin, rules);
  } catch (error) {
    if (!(error instanceof DriverError)) throw error;
    throw configInvalid(driver, `${member}: ${error.message}`, error);
  }
}
