import {
  type ConfigurationDocument,
  type DataFolder,
  localConfiguration,
  primary,
} from "@tenant-security/testkit";

/** Two tenants on the embedded local KMS, one of them leased. */
export function twoTenants(folder: DataFolder): ConfigurationDocument {
  const keyFiles = [folder.key("kms.key")];
  return {
    version: 1,
    kmsConfigurations: [
      localConfiguration(1, { leased: true, keyFiles }),
      localConfiguration(2, { keyFiles }),
    ],
    tenants: [
      { id: "leased", configurations: [primary(1)] },
      { id: "unleased", configurations: [primary(2)] },
    ],
  };
}

/** Tenants with a leased configuration of their own each; the keys share one file. */
export function manyTenants(folder: DataFolder, count: number): ConfigurationDocument {
  const keyFiles = [folder.key("kms.key")];
  const ids = Array.from({ length: count }, (_, index) => index + 1);
  return {
    version: 1,
    kmsConfigurations: ids.map((id) => localConfiguration(id, { leased: true, keyFiles })),
    tenants: ids.map((id) => ({ id: `tenant-${id}`, configurations: [primary(id)] })),
  };
}

/** Body of a request as the published clients send it. */
export function requestBody(tenantId: string, members: object = {}): object {
  return { tenantId, iclFields: { requestingId: "benchmark" }, customFields: {}, ...members };
}
