import {
  DataFolder,
  EventReader,
  FakeVault,
  localConfiguration,
  primary,
  type Proxy,
  refusing,
  selfSignedCertificate,
  startProxy,
  vaultConfiguration,
} from "@tenant-security/testkit";
import { Prometheus } from "./prometheus.ts";
import { startTraffic, type TlsProxy } from "./traffic.ts";

export interface World {
  readonly prometheus: Prometheus;
  stop(): Promise<void>;
}

/** A busy proxy, one whose configuration is too old, and a Prometheus that scrapes them. */
export async function startWorld(): Promise<World> {
  const closers: (() => unknown)[] = [];
  const stop = async () => {
    for (const close of closers.toReversed()) await close();
  };
  try {
    const busy = await startBusyProxy(closers);
    const expired = await startExpiredProxy(closers);
    const traffic = startTraffic(busy.url, expired);
    closers.push(() => traffic.stop());
    const prometheus = await Prometheus.start([
      { url: busy.url, labels: { namespace: "shop", pod: "tsp-0" } },
      { url: expired.url, labels: { namespace: "shop", pod: "tsp-1" } },
    ]);
    closers.push(() => prometheus.stop());
    return { prometheus, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Two workers; tenants with and without leases and with a KMS that always fails; a reader. */
async function startBusyProxy(closers: (() => unknown)[]): Promise<Proxy> {
  const folder = new DataFolder();
  closers.push(() => folder.remove());
  const vault = await FakeVault.start({ broken: refusing(500, { errors: ["out of order"] }) });
  closers.push(() => vault.close());
  const keyFiles = [folder.key("kms.key")];
  folder.configure({
    version: 1,
    kmsConfigurations: [
      localConfiguration(1, { keyFiles }),
      localConfiguration(2, { keyFiles, leased: true }),
      vaultConfiguration(3, { address: vault.url, keyName: "broken" }),
    ],
    tenants: [
      { id: "plain", configurations: [primary(1)] },
      { id: "leased", configurations: [primary(2)] },
      { id: "broken", configurations: [primary(3)] },
    ],
  });
  const env = {
    TSP_ENABLE_LOGDRIVER_INTEGRATION: "true",
    TSP_KMS_ALLOWED_HOSTS: vault.url,
    TSP_WORKERS: "2",
  };
  const proxy = await startProxy({ folder, env });
  closers.push(() => proxy.program.stop());
  const reader = new EventReader(proxy.eventsUrl);
  closers.push(() => reader.close());
  return proxy;
}

/**
 * Speaks TLS. Its file cannot be read any more, and a second later it refuses everything with
 * code 100.
 */
async function startExpiredProxy(closers: (() => unknown)[]): Promise<TlsProxy> {
  const folder = new DataFolder();
  closers.push(() => folder.remove());
  folder.configure({ version: 1, kmsConfigurations: [], tenants: [] });
  const { cert, key } = selfSignedCertificate();
  const env = {
    TSP_CONFIG_REFRESH_INTERVAL_MS: "500",
    TSP_CONFIG_MAX_AGE_MS: "1000",
    TSP_TLS_CERT_FILE: folder.write("server.crt", cert),
    TSP_TLS_KEY_FILE: folder.write("server.key", key),
  };
  const proxy = await startProxy({ folder, env });
  closers.push(() => proxy.program.stop());
  folder.replace("tenants.json", "{");
  return { url: proxy.url, ca: cert };
}
