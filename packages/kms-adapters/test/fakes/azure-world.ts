import { type AzureKmsOptions, azureKms } from "../../src/azure/index.ts";
import { AddressPolicy } from "../../src/http/address-policy.ts";
import type { Resolve } from "../../src/http/resolver.ts";
import { FakeAzure } from "./azure.ts";
import type { EntraApp } from "./azure-entra.ts";
import { loopback } from "./loopback.ts";
import type { TroubleWorld } from "./trouble.ts";
import { makeCertificate, startVendorServer, type VendorServer } from "./vendor-server.ts";

export const keyName = "documents";

/** A vault and the token service behind their real names, one key, and an app that may use it. */
export interface AzureWorld {
  readonly azure: FakeAzure;
  readonly server: VendorServer;
  readonly app: EntraApp;
  readonly vaultBaseUrl: string;
  /** What a tenant and an operator configure to reach it. */
  readonly options: (change?: AzureChange) => AzureKmsOptions;
}

export type AzureChange = Partial<AzureKmsOptions> & {
  readonly resolve?: Resolve;
  readonly path?: object;
};

export interface AzureNames {
  readonly vault: string;
  readonly authority: string;
  readonly audience: string;
  /** What the vault calls itself, where that is not the host it is reached at. */
  readonly origin?: string;
}

const PUBLIC: AzureNames = {
  vault: "acme.vault.azure.net",
  authority: "login.microsoftonline.com",
  audience: "https://vault.azure.net",
};

export async function startAzure(names: AzureNames = PUBLIC): Promise<AzureWorld> {
  const { vault, authority, audience, origin = `https://${vault}` } = names;
  const azure = new FakeAzure(origin, audience);
  azure.createKey(keyName);
  const app = azure.entra.createApp("wrapKey", "unwrapKey");
  const certificate = await makeCertificate(vault, authority);
  const server = await startVendorServer((request) => azure.answer(request), certificate);
  const allowedHosts = [vault, authority].map((host) => `${host}:${server.port}`);
  const vaultBaseUrl = `https://${vault}:${server.port}`;
  const { tenantGuid } = azure.entra;
  const credentials = { tenantGuid, clientId: app.clientId, clientSecret: app.secret };
  return {
    azure,
    server,
    app,
    vaultBaseUrl,
    options: ({ resolve = loopback, path = {}, ...change } = {}) => ({
      keyPath: { vaultBaseUrl, keyName, ...path },
      credentials,
      policy: new AddressPolicy({ allowedHosts, resolve }),
      authorityHost: `https://${authority}:${server.port}`,
      caCertificate: certificate.cert,
      ...change,
    }),
  };
}

export async function startAzureTrouble(): Promise<TroubleWorld> {
  const { server, app, options } = await startAzure();
  return {
    server,
    paths: { token: "/token", wrap: "/wrapkey", unwrap: "/unwrapkey" },
    driver: (change) => azureKms(options(change)),
    complaint: (message) => ({ error: { code: "BadParameter", message } }),
    secrets: [app.secret],
  };
}
