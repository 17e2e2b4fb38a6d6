import { AddressPolicy } from "@tenant-security/kms-adapters";
import { allowedHostOf } from "./config/endpoint.ts";
import type { Settings } from "./config/settings.ts";
import type { DriverFactory } from "./keys/kms-client.ts";
import type { KmsType } from "./tenants/tenant.ts";

/**
 * How each type of configuration becomes a driver. A vendor's code, and its SDK if it has one, is
 * loaded when the first tenant needs it: together they cost half a second and 40 MB. A driver opens
 * at most `maxSockets` connections to its KMS, by default one for each concurrent call.
 * @throws RangeError when an entry of `TSP_KMS_ALLOWED_HOSTS` is malformed
 */
export function createDrivers(
  { kms }: Settings,
  maxSockets: number = kms.concurrency,
): Readonly<Record<KmsType, DriverFactory>> {
  const { common, aws, gcp, azure } = driverOptions(kms, maxSockets);
  return {
    async AWS({ keyPath }, credentials) {
      const { awsKms } = await import("@tenant-security/kms-adapters/aws");
      return awsKms({ keyPath, credentials, ...aws });
    },
    async GCP({ keyPath }, credentials) {
      const { gcpKms } = await import("@tenant-security/kms-adapters/gcp");
      return gcpKms({ keyPath, credentials, ...gcp });
    },
    async AZURE({ keyPath }, credentials) {
      const { azureKms } = await import("@tenant-security/kms-adapters/azure");
      return azureKms({ keyPath, credentials, ...azure });
    },
    async THALES({ keyPath }, credentials) {
      const { thalesKms } = await import("@tenant-security/kms-adapters/thales");
      return thalesKms({ keyPath, credentials, ...common });
    },
    async VAULT({ keyPath }, credentials) {
      const { vaultKms } = await import("@tenant-security/kms-adapters/vault");
      return vaultKms({ keyPath, credentials, ...common });
    },
    async LOCAL({ keyPath }, credentials) {
      const { localKmsFromRecords } = await import("@tenant-security/kms-adapters/local");
      return localKmsFromRecords({ keyPath, credentials });
    },
  };
}

function driverOptions(
  { allowedHosts, endpoints, connectTimeoutMs }: Settings["kms"],
  maxSockets: number,
) {
  const { aws, awsSts, gcp, gcpToken, azureAuthority } = endpoints;
  const policy = new AddressPolicy({ allowedHosts });
  const common = { policy, connectTimeoutMs, maxSockets };
  /** For addresses that no tenant chooses: what the operator set is allowed as it is. */
  const policyWith = (...set: readonly (string | undefined)[]): AddressPolicy => {
    const own = set.filter((endpoint) => endpoint !== undefined).map(allowedHostOf);
    return own.length === 0
      ? policy
      : new AddressPolicy({ allowedHosts: [...allowedHosts, ...own] });
  };
  return {
    common,
    aws: {
      ...common,
      policy: policyWith(aws, awsSts),
      ...(aws !== undefined && { endpoint: aws }),
      ...(awsSts !== undefined && { stsEndpoint: awsSts }),
    },
    gcp: {
      ...common,
      policy: policyWith(gcp, gcpToken),
      ...(gcp !== undefined && { endpoint: gcp }),
      ...(gcpToken !== undefined && { tokenEndpoint: gcpToken }),
    },
    azure: {
      ...common,
      // Vaults are of the tenants' choice: the authority's permission is not theirs.
      authorityPolicy: policyWith(azureAuthority),
      ...(azureAuthority !== undefined && { authorityHost: azureAuthority }),
    },
  };
}
