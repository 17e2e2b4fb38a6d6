import type { Vendor } from "@tenant-security/testkit/vendors";
import { ROOT, type RealVault } from "../../../packages/kms-adapters/test/vault/container.ts";

const POLICY = "tsp";
const REFUSED = 206;
const ALLOWED = ["encrypt", "decrypt"]
  .map((verb) => `path "transit/${verb}/documents" { capabilities = ["update"] }`)
  .join("\n");

/** The transit engine of a real Vault, used with a token that may do two things. */
export async function vaultVendor(vault: RealVault): Promise<Vendor> {
  const allow = (policy: string) => vault.api("PUT", `sys/policies/acl/${POLICY}`, { policy });
  await vault.api("POST", "transit/keys/documents");
  await allow(ALLOWED);
  const token = await newToken(vault.origin());
  return {
    type: "VAULT",
    env: {},
    allowedHost: vault.origin(),
    keyPath: { address: vault.origin(), mountPath: "transit", keyName: "documents" },
    credentials: { token },
    revoke: async () => {
      await allow('path "transit/*" { capabilities = ["deny"] }');
      return REFUSED;
    },
    restore: async () => void (await allow(ALLOWED)),
    close: async () => {},
  };
}

async function newToken(origin: string): Promise<string> {
  const response = await fetch(`${origin}/v1/auth/token/create`, {
    method: "POST",
    headers: { "x-vault-token": ROOT },
    body: JSON.stringify({ policies: [POLICY], ttl: "1h" }),
  });
  const { auth } = (await response.json()) as { auth: { client_token: string } };
  return auth.client_token;
}
