import { FakeThales } from "../../../packages/kms-adapters/test/fakes/thales.ts";
import { startVendorServer } from "../../../packages/kms-adapters/test/fakes/vendor-server.ts";
import type { Certificate } from "../certificate.ts";
import { KEY_UNAVAILABLE, type VendorOnLoopback } from "./on-loopback.ts";

const KEY = "documents";

/** A CipherTrust Manager with a certificate of its own authority. */
export async function startThalesVendor(
  certificate: Certificate,
): Promise<VendorOnLoopback<FakeThales>> {
  const fake = new FakeThales();
  fake.createKey(KEY);
  const user = fake.createUser();
  const server = await startVendorServer((request) => fake.answer(request), certificate);
  const host = `127.0.0.1:${server.port}`;
  return {
    fake,
    server,
    type: "THALES",
    env: {},
    allowedHost: host,
    keyPath: { serviceUrl: `https://${host}`, keyId: KEY },
    credentials: {
      username: user.name,
      password: user.password,
      caCertificate: certificate.cert,
    },
    revoke: async () => {
      fake.setState(KEY, "Deactivated");
      return KEY_UNAVAILABLE;
    },
    restore: async () => fake.setState(KEY, "Active"),
    close: server.close,
  };
}
