import { setDefaultCACertificates } from "node:tls";
import { DocumentMetadata, TenantSecurityClient } from "@ironcorelabs/tenant-security-nodejs";
import {
  active,
  API_KEY,
  type ConfigurationDocument,
  DataFolder,
  disabled,
  FakeVault,
  localConfiguration,
  primary,
  type Proxy,
  refusing,
  selfSignedCertificate,
  startProxy,
  vaultConfiguration,
} from "@tenant-security/testkit";

export type Transport = "http" | "https";

export const TRANSPORTS: readonly Transport[] = ["http", "https"];

/** Both kinds of tenants that work: keys wrapped in memory, and keys sent to the KMS each time. */
export const TENANTS: readonly string[] = ["leased", "unleased"];

/** A running proxy with tenants in every state, and the published client connected to it. */
export interface World {
  readonly proxy: Proxy;
  readonly folder: DataFolder;
  readonly client: TenantSecurityClient;
  readonly stop: () => Promise<void>;
}

export async function startWorld(
  transport: Transport,
  env: Readonly<Record<string, string>> = {},
): Promise<World> {
  const folder = new DataFolder();
  const vault = await FakeVault.start({
    denied: refusing(403, { errors: ["permission denied"] }),
    throttled: refusing(429, { errors: ["request path is over its rate limit"] }),
    senseless: refusing(200, { data: {} }),
    broken: refusing(500, { errors: ["internal error"] }),
  });
  folder.configure(tenants(folder, vault.url));
  const tls = transport === "https" ? certificateFiles(folder) : {};
  const cleanUp = async () => {
    await vault.close();
    folder.remove();
  };
  try {
    const proxy = await startProxy({
      folder,
      env: { TSP_KMS_ALLOWED_HOSTS: vault.url, ...tls, ...env },
    });
    const stop = async () => {
      await proxy.program.stop();
      await cleanUp();
    };
    return { proxy, folder, client: new TenantSecurityClient(proxy.url, API_KEY), stop };
  } catch (error) {
    await cleanUp();
    throw error;
  }
}

export function metadata(tenantId: string): DocumentMetadata {
  return new DocumentMetadata(
    tenantId,
    "service-account",
    "PII",
    "10.0.0.1",
    "object-1",
    "request-1",
  );
}

/** The error of a call that must fail. */
export async function failure(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => {
      throw new Error("the call succeeded");
    },
    (error: unknown) => error,
  );
}

function certificateFiles(folder: DataFolder): Record<string, string> {
  const { key, cert } = selfSignedCertificate();
  // The client makes its own agent and takes no certificates.
  setDefaultCACertificates([cert]);
  return {
    TSP_TLS_CERT_FILE: folder.write("server.crt", cert),
    TSP_TLS_KEY_FILE: folder.write("server.key", key),
  };
}

function tenants(folder: DataFolder, vault: string): ConfigurationDocument {
  const local = (id: number, leased = false) =>
    localConfiguration(id, { leased, keyFiles: [folder.key(`${id}.key`)] });
  const remote = (id: number, keyName: string) =>
    vaultConfiguration(id, { address: vault, keyName });
  return {
    version: 1,
    kmsConfigurations: [
      local(101, true),
      local(102),
      local(103),
      localConfiguration(104, { keyFiles: [folder.key("short.key", Buffer.alloc(16, 7))] }),
      { id: 105, type: "AWS", keyPath: { keyID: "k", region: "us-east-1" }, credentials: {} },
      remote(111, "denied"),
      remote(112, "throttled"),
      remote(113, "senseless"),
      remote(114, "broken"),
    ],
    tenants: [
      { id: "leased", configurations: [primary(101)] },
      { id: "unleased", configurations: [primary(102)] },
      { id: "third", configurations: [primary(103)] },
      { id: "two-configurations", configurations: [active(102), primary(101)] },
      { id: "no-primary", configurations: [active(102)] },
      { id: "disabled", configurations: [disabled(102), primary(103)] },
      { id: "nothing-active", configurations: [disabled(102)] },
      { id: "short-key", configurations: [primary(104)] },
      { id: "no-credentials", configurations: [primary(105)] },
      { id: "denied", configurations: [primary(111)] },
      { id: "throttled", configurations: [primary(112)] },
      { id: "senseless", configurations: [primary(113)] },
      { id: "broken", configurations: [primary(114)] },
    ],
  };
}
