import { FakeAzure } from "../../../packages/kms-adapters/test/fakes/azure.ts";
import { startVendorServer } from "../../../packages/kms-adapters/test/fakes/vendor-server.ts";
import type { Certificate } from "../certificate.ts";
import { KEY_UNAVAILABLE, type VendorOnLoopback } from "./on-loopback.ts";

const KEY = "documents";

/** A vault of Azure and its token service, by one address. */
export async function startAzureVendor(
  certificate: Certificate,
): Promise<VendorOnLoopback<FakeAzure>> {
  const fake = new FakeAzure("https://127.0.0.1");
  fake.createKey(KEY);
  const app = fake.entra.createApp("wrapKey", "unwrapKey");
  const server = await startVendorServer((request) => fake.answer(request), certificate);
  const host = `127.0.0.1:${server.port}`;
  return {
    fake,
    server,
    type: "AZURE",
    env: { TSP_KMS_AZURE_AUTHORITY: `https://${host}` },
    allowedHost: host,
    keyPath: { vaultBaseUrl: `https://${host}`, keyName: KEY },
    credentials: {
      tenantGuid: fake.entra.tenantGuid,
      clientId: app.clientId,
      clientSecret: app.secret,
    },
    revoke: async () => {
      fake.setEnabled(KEY, false);
      return KEY_UNAVAILABLE;
    },
    restore: async () => fake.setEnabled(KEY, true),
    close: server.close,
  };
}
