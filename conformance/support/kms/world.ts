import { TenantSecurityClient } from "@ironcorelabs/tenant-security-nodejs";
import {
  API_KEY,
  type ConfigurationEntry,
  DataFolder,
  localConfiguration,
  primary,
  type Proxy,
  selfSignedCertificate,
  startProxy,
  type TenantEntry,
} from "@tenant-security/testkit";
import {
  startAzureVendor,
  startGcpVendor,
  startThalesVendor,
  type Vendor,
  vendorConfiguration,
  vendorEnvironment,
} from "@tenant-security/testkit/vendors";

/** A running proxy with two tenants at each KMS, and the published client connected to it. */
export interface KmsWorld {
  readonly proxy: Proxy;
  readonly client: TenantSecurityClient;
  readonly vendor: (name: string) => Vendor;
  stop(): Promise<void>;
}

/** Azure, Google and Thales as strict servers of this process, and whatever else is given. */
export async function startKmsWorld(
  others: Readonly<Record<string, Vendor>>,
  env: Readonly<Record<string, string>> = {},
): Promise<KmsWorld> {
  const folder = new DataFolder();
  const certificate = selfSignedCertificate();
  const vendors: Record<string, Vendor> = {
    ...others,
    azure: await startAzureVendor(certificate),
    gcp: await startGcpVendor(certificate),
    thales: await startThalesVendor(certificate),
    local: localVendor(folder),
  };
  const configure = () => folder.configure(documentOf(Object.entries(vendors)));
  configure();
  const proxy = await startProxy({
    folder,
    env: {
      ...vendorEnvironment(Object.values(vendors)),
      NODE_EXTRA_CA_CERTS: folder.write("authority.pem", certificate.cert),
      ...env,
    },
  });
  return {
    proxy,
    client: new TenantSecurityClient(proxy.url, API_KEY),
    vendor: (name) => {
      const vendor = vendors[name];
      if (vendor === undefined) throw new Error(`no vendor ${name}`);
      return vendor;
    },
    async stop() {
      await proxy.program.stop();
      await Promise.all(Object.values(vendors).map((vendor) => vendor.close()));
      folder.remove();
    },
  };

  /** The embedded KMS: its administrator is whoever writes the configuration file. */
  function localVendor(data: DataFolder): Vendor {
    const { type, keyPath, credentials } = localConfiguration(1, {
      keyFiles: [data.key("local.key")],
    });
    const set = async (disabled: boolean) => {
      vendors["local"] = { ...vendor, credentials: { ...credentials, disabled } };
      configure();
    };
    const vendor: Vendor = {
      type,
      env: {},
      allowedHost: undefined,
      keyPath,
      credentials,
      revoke: async () => {
        await set(true);
        return 207;
      },
      restore: () => set(false),
      close: async () => {},
    };
    return vendor;
  }
}

/** For each KMS the tenants `<name>-unleased` and `<name>-leased`, each with a configuration. */
function documentOf(vendors: readonly (readonly [string, Vendor])[]) {
  const kmsConfigurations: ConfigurationEntry[] = [];
  const tenants: TenantEntry[] = [];
  for (const [index, [name, vendor]] of vendors.entries()) {
    for (const leased of [false, true]) {
      const id = 100 + index * 2 + Number(leased);
      kmsConfigurations.push(vendorConfiguration(id, vendor, leased));
      const tenant = `${name}-${leased ? "leased" : "unleased"}`;
      tenants.push({ id: tenant, configurations: [primary(id)] });
    }
  }
  return { version: 1 as const, kmsConfigurations, tenants };
}
