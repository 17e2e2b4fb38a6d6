import {
  FakeVault,
  primary,
  type Proxy,
  type VaultBehaviour,
  vaultConfiguration,
} from "@tenant-security/testkit";
import { onTestFinished } from "vitest";
import { temporaryFolder, temporaryProxy } from "./world.ts";

export interface VaultProxy {
  readonly proxy: Proxy;
  readonly vault: FakeVault;
}

/**
 * A proxy with one tenant for each behaviour, named after it, whose keys are wrapped by a Vault
 * that behaves so.
 */
export async function vaultProxy(
  behaviours: Readonly<Record<string, VaultBehaviour>>,
  options: { readonly leased?: boolean; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<VaultProxy> {
  const vault = await FakeVault.start(behaviours);
  onTestFinished(() => vault.close());
  const folder = temporaryFolder();
  const names = Object.keys(behaviours);
  folder.configure({
    version: 1,
    kmsConfigurations: names.map((keyName, index) => ({
      ...vaultConfiguration(index + 1, { address: vault.url, keyName }),
      leasingAllowed: options.leased ?? false,
    })),
    tenants: names.map((id, index) => ({ id, configurations: [primary(index + 1)] })),
  });
  const env = { TSP_KMS_ALLOWED_HOSTS: vault.url, ...options.env };
  return { proxy: await temporaryProxy({ folder, env }), vault };
}
