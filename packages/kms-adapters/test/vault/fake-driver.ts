import { expect, onTestFinished } from "vitest";
import { AddressPolicy, Kms, type KmsDriver } from "../../src/index.ts";
import { vaultKms } from "../../src/vault/index.ts";
import { type FakeVault, type FakeVaultOptions, startFakeVault } from "../fakes/vault.ts";

export const TOKEN = { token: "static-token" };

/** A driver for a key of the fake. */
export function driverOf(
  vault: FakeVault,
  keyPath: object = {},
  credentials: object = TOKEN,
): KmsDriver {
  const scheme = vault.tls ? "https" : "http";
  const host = `localhost:${vault.port}`;
  return vaultKms({
    keyPath: { address: `${scheme}://${host}`, mountPath: "transit", keyName: "k1", ...keyPath },
    credentials,
    policy: new AddressPolicy({ allowedHosts: [vault.tls ? host : `http://${host}`] }),
  });
}

export interface StartedVault {
  readonly vault: FakeVault;
  readonly open: (credentials: object, change?: object) => Kms;
  readonly kms: Kms;
}

/** A fake for one test, and ways to open it. */
export async function start({
  options = {},
  keyPath = {},
}: {
  readonly options?: FakeVaultOptions;
  readonly keyPath?: object;
}): Promise<StartedVault> {
  const vault = await startFakeVault(options);
  onTestFinished(vault.close);
  const open = (credentials: object, change: object = keyPath): Kms => {
    const kms = new Kms(driverOf(vault, change, credentials));
    onTestFinished(() => kms.close());
    return kms;
  };
  return { vault, open, kms: open(TOKEN) };
}

export function isTransit({ path }: { readonly path: string }): boolean {
  return /\/(?:en|de)crypt\//.test(path);
}

export function calls(vault: FakeVault): string[] {
  return vault.requests.filter(isTransit).map(({ method, path }) => `${method} ${path}`);
}

export async function until(condition: () => boolean): Promise<void> {
  await expect.poll(condition, { timeout: 5_000, interval: 5 }).toBe(true);
}
