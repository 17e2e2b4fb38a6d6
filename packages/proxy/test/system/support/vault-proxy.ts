import {
  DataFolder,
  FakeVault,
  primary,
  type Proxy,
  startProxy,
  type VaultBehaviour,
  vaultConfiguration,
} from "@tenant-security/testkit";
import { onTestFinished } from "vitest";

export interface VaultProxy {
  readonly proxy: Proxy;
  readonly vault: FakeVault;
}

export interface VaultProxyOptions {
  readonly leased?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

type Behaviours = Readonly<Record<string, VaultBehaviour>>;

/**
 * Starts a proxy with one tenant for each behaviour, named after it, whose keys are wrapped by a
 * Vault that behaves so.
 */
export async function startVaultProxy(
  behaviours: Behaviours,
  { leased = false, env }: VaultProxyOptions = {},
): Promise<VaultProxy & { readonly stop: () => Promise<void> }> {
  const vault = await FakeVault.start(behaviours);
  const folder = new DataFolder();
  configure(folder, vault.url, Object.keys(behaviours), leased);
  const proxy = await startProxy({ folder, env: { TSP_KMS_ALLOWED_HOSTS: vault.url, ...env } });
  const stop = async () => {
    await proxy.program.stop("SIGKILL");
    await vault.close();
    folder.remove();
  };
  return { proxy, vault, stop };
}

/** The same, stopped when the test is over. */
export async function vaultProxy(
  behaviours: Behaviours,
  options: VaultProxyOptions = {},
): Promise<VaultProxy> {
  const { stop, ...started } = await startVaultProxy(behaviours, options);
  onTestFinished(stop);
  return started;
}

function configure(folder: DataFolder, address: string, names: readonly string[], leased: boolean) {
  folder.configure({
    version: 1,
    kmsConfigurations: names.map((keyName, index) => ({
      ...vaultConfiguration(index + 1, { address, keyName }),
      leasingAllowed: leased,
    })),
    tenants: names.map((id, index) => ({ id, configurations: [primary(index + 1)] })),
  });
}
