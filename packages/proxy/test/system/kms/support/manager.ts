import {
  type ConfigurationEntry,
  DataFolder,
  openRelay,
  primary,
  type Proxy,
  type Relay,
  selfSignedCertificate,
  startProxy,
} from "@tenant-security/testkit";
import { startThalesVendor, type VendorOnLoopback } from "@tenant-security/testkit/vendors";
import { onTestFinished } from "vitest";

type Manager = Awaited<ReturnType<typeof startThalesVendor>>;

/** A CipherTrust Manager over TLS, which has no batches: every key is a request of its own. */
export async function manager(): Promise<Manager> {
  const vendor = await startThalesVendor(selfSignedCertificate());
  onTestFinished(() => vendor.close());
  return vendor;
}

/** A line to it that takes its time. */
export async function lineTo({ server }: Manager, delayMs = 0): Promise<Relay> {
  const line = await openRelay(server.port, delayMs);
  onTestFinished(line.close);
  return line;
}

export interface Tenant {
  readonly id: string;
  readonly kms: Pick<VendorOnLoopback<unknown>, "credentials" | "keyPath">;
  /** Where it is reached: `127.0.0.1:port`. */
  readonly host: string;
}

export interface ManagedProxy {
  readonly proxy: Proxy;
  /** Puts other tenants in place of these. */
  readonly configure: (tenants: readonly Tenant[]) => void;
}

/** A proxy with these unleased tenants, each with a configuration of its own. */
export async function proxyWith(
  tenants: readonly Tenant[],
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly descriptors?: number;
  } = {},
): Promise<ManagedProxy> {
  const folder = new DataFolder();
  onTestFinished(() => folder.remove());
  const configure = (wanted: readonly Tenant[]) => folder.configure(documentOf(wanted));
  configure(tenants);
  const hosts = new Set(tenants.map(({ host }) => host));
  const proxy = await startProxy({
    folder,
    ...options,
    env: { TSP_KMS_ALLOWED_HOSTS: [...hosts].join(","), ...options.env },
  });
  onTestFinished(async () => void (await proxy.program.stop("SIGKILL")));
  return { proxy, configure };
}

function documentOf(tenants: readonly Tenant[]) {
  const kmsConfigurations = tenants.map(({ kms, host }, index): ConfigurationEntry => {
    const keyPath = { ...kms.keyPath, serviceUrl: `https://${host}` };
    return { id: index + 1, type: "THALES", keyPath, credentials: kms.credentials };
  });
  return {
    version: 1 as const,
    kmsConfigurations,
    tenants: tenants.map(({ id }, index) => ({ id, configurations: [primary(index + 1)] })),
  };
}
