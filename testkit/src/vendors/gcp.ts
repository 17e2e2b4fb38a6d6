import { FakeGcp } from "../../../packages/kms-adapters/test/fakes/gcp.ts";
import { startVendorServer } from "../../../packages/kms-adapters/test/fakes/vendor-server.ts";
import type { Certificate } from "../certificate.ts";
import { KEY_UNAVAILABLE, type VendorOnLoopback } from "./on-loopback.ts";

const KEY = "projects/acme-prod/locations/europe-west3/keyRings/saas/cryptoKeys/documents";

/** Cloud KMS and Google's token service, by one address. */
export async function startGcpVendor(certificate: Certificate): Promise<VendorOnLoopback<FakeGcp>> {
  const fake = new FakeGcp();
  fake.createKey(KEY);
  const account = fake.tokens.createAccount(
    "tsp@acme-prod.iam.gserviceaccount.com",
    "encrypt",
    "decrypt",
  );
  const server = await startVendorServer((request) => fake.answer(request), certificate);
  const origin = `https://127.0.0.1:${server.port}`;
  return {
    fake,
    server,
    type: "GCP",
    env: { TSP_KMS_GCP_ENDPOINT: origin, TSP_KMS_GCP_TOKEN_ENDPOINT: `${origin}/token` },
    allowedHost: undefined,
    keyPath: {
      projectId: "acme-prod",
      locationId: "europe-west3",
      keyRingId: "saas",
      cryptoKeyId: "documents",
    },
    credentials: { client_email: account.email, private_key: account.privateKey },
    revoke: async () => {
      fake.setState(KEY, 1, "DISABLED");
      return KEY_UNAVAILABLE;
    },
    restore: async () => fake.setState(KEY, 1, "ENABLED"),
    close: server.close,
  };
}
