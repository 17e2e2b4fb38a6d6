import { type GcpKmsOptions, gcpKms } from "../../src/gcp/index.ts";
import { AddressPolicy } from "../../src/http/address-policy.ts";
import type { Resolve } from "../../src/http/resolver.ts";
import { FakeGcp } from "./gcp.ts";
import type { ServiceAccount } from "./gcp-tokens.ts";
import { loopback } from "./loopback.ts";
import type { TroubleWorld } from "./trouble.ts";
import { makeCertificate, startVendorServer, type VendorServer } from "./vendor-server.ts";

const HOSTS = ["cloudkms.googleapis.com", "oauth2.googleapis.com"] as const;

export const keyPath = {
  projectId: "acme-prod",
  locationId: "europe-west3",
  keyRingId: "saas",
  cryptoKeyId: "documents",
};

export const keyName =
  "projects/acme-prod/locations/europe-west3/keyRings/saas/cryptoKeys/documents";

/** Google's two services behind their real names, one key, and an account that may use it. */
export interface GcpWorld {
  readonly google: FakeGcp;
  readonly server: VendorServer;
  readonly account: ServiceAccount;
  /** What a tenant and an operator configure to reach it. */
  readonly options: (change?: GcpChange) => GcpKmsOptions;
}

type GcpChange = Partial<GcpKmsOptions> & { readonly resolve?: Resolve };

export async function startGcpTrouble(): Promise<TroubleWorld> {
  const { server, account, options } = await startGcp();
  return {
    server,
    paths: { token: "/token", wrap: ":encrypt", unwrap: ":decrypt" },
    driver: (change) => gcpKms(options(change)),
    complaint: (message) => ({ error: { code: 400, status: "INVALID_ARGUMENT", message } }),
    secrets: [account.privateKey],
  };
}

export async function startGcp(): Promise<GcpWorld> {
  const google = new FakeGcp();
  google.createKey(keyName);
  const account = google.tokens.createAccount(
    "tsp@acme-prod.iam.gserviceaccount.com",
    "encrypt",
    "decrypt",
  );
  const certificate = await makeCertificate(...HOSTS);
  const server = await startVendorServer((request) => google.answer(request), certificate);
  const [kms, oauth] = HOSTS.map((host) => `${host}:${server.port}`);
  const credentials = { client_email: account.email, private_key: account.privateKey };
  return {
    google,
    server,
    account,
    options: ({ resolve = loopback, ...change } = {}) => ({
      keyPath,
      credentials,
      policy: new AddressPolicy({ allowedHosts: [kms ?? "", oauth ?? ""], resolve }),
      endpoint: `https://${kms}`,
      tokenEndpoint: `https://${oauth}/token`,
      caCertificate: certificate.cert,
      ...change,
    }),
  };
}
