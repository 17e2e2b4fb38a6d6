import {
  active,
  type ConfigurationDocument,
  DataFolder,
  disabled,
  localConfiguration,
  primary,
  type Proxy,
  type ProxyOptions,
  startProxy,
} from "@tenant-security/testkit";
import { onTestFinished } from "vitest";

/** Tenants in every state that the embedded local KMS can show. */
export function localTenants(folder: DataFolder): ConfigurationDocument {
  const keyFiles = (name: string) => [folder.key(name)];
  return {
    version: 1,
    kmsConfigurations: [
      localConfiguration(11, { leased: true, keyFiles: keyFiles("leased.key") }),
      localConfiguration(12, { keyFiles: keyFiles("first.key") }),
      localConfiguration(13, { keyFiles: keyFiles("second.key") }),
    ],
    tenants: [
      { id: "leased", configurations: [primary(11)] },
      { id: "unleased", configurations: [primary(12)] },
      { id: "both", configurations: [active(12), primary(11)] },
      { id: "other", configurations: [primary(13)] },
      { id: "no-primary", configurations: [active(12)] },
      { id: "disabled", configurations: [disabled(12), primary(13)] },
    ],
  };
}

/** A folder with those tenants, removed when the test is over. */
export function temporaryFolder(): DataFolder {
  const folder = new DataFolder();
  onTestFinished(() => folder.remove());
  folder.configure(localTenants(folder));
  return folder;
}

/** A proxy that is stopped when the test is over. */
export async function temporaryProxy(options: Partial<ProxyOptions> = {}): Promise<Proxy> {
  const folder = options.folder ?? temporaryFolder();
  const proxy = await startProxy({ ...options, folder });
  onTestFinished(async () => {
    await proxy.program.stop("SIGKILL");
  });
  return proxy;
}
