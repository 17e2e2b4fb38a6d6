import { AddressPolicy } from "@tenant-security/kms-adapters";
import type { Settings } from "./config/settings.ts";
import type { DriverFactory } from "./keys/kms-client.ts";
import type { KmsType } from "./tenants/tenant.ts";

/**
 * How each type of configuration becomes a driver. A vendor's code, and its SDK if it has one, is
 * loaded when the first tenant needs it: together they cost half a second and 40 MB.
 * @throws RangeError when an entry of `TSP_KMS_ALLOWED_HOSTS` is malformed
 */
export function createDrivers({ kms }: Settings): Readonly<Record<KmsType, DriverFactory>> {
  const options = {
    policy: new AddressPolicy({ allowedHosts: kms.allowedHosts }),
    connectTimeoutMs: kms.connectTimeoutMs,
    maxSockets: kms.concurrency,
  };
  return {
    async AWS({ keyPath }, credentials) {
      const { awsKms } = await import("@tenant-security/kms-adapters/aws");
      return awsKms({ keyPath, credentials, ...options });
    },
    async GCP({ keyPath }, credentials) {
      const { gcpKms } = await import("@tenant-security/kms-adapters/gcp");
      return gcpKms({ keyPath, credentials, ...options });
    },
    async AZURE({ keyPath }, credentials) {
      const { azureKms } = await import("@tenant-security/kms-adapters/azure");
      return azureKms({ keyPath, credentials, ...options });
    },
    async THALES({ keyPath }, credentials) {
      const { thalesKms } = await import("@tenant-security/kms-adapters/thales");
      return thalesKms({ keyPath, credentials, ...options });
    },
    async VAULT({ keyPath }, credentials) {
      const { vaultKms } = await import("@tenant-security/kms-adapters/vault");
      return vaultKms({ keyPath, credentials, ...options });
    },
    async LOCAL({ keyPath }, credentials) {
      const { localKmsFromRecords } = await import("@tenant-security/kms-adapters/local");
      return localKmsFromRecords({ keyPath, credentials });
    },
  };
}
