/**
 * Servers of three vendors' APIs over TLS, in a process of their own: `kms-servers.ts FOLDER DELAY_MS`.
 * Prints one line of JSON, a `KmsServers`; certificate and key lie in the folder.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openRelay } from "@tenant-security/testkit";
import { startThalesVendor } from "@tenant-security/testkit/vendors";
import { PAIR, startFakeAws } from "../../packages/kms-adapters/test/fakes/aws.ts";
import { startFakeVault } from "../../packages/kms-adapters/test/fakes/vault.ts";

export interface KmsServer {
  readonly origin: string;
  readonly keyPath: Readonly<Record<string, unknown>>;
  readonly credentials: Readonly<Record<string, unknown>>;
}

export interface KmsServers {
  readonly aws: KmsServer;
  readonly vault: KmsServer;
  readonly thales: KmsServer;
}

const [folder = "", delay = "0"] = process.argv.slice(2);
const read = (name: string): string => readFileSync(join(folder, name), "utf8");
const certificate = { cert: read("kms.crt"), key: read("kms.key") };

const amazon = await startFakeAws({ certificate });
const hashicorp = await startFakeVault({ certificate });
const manager = await startThalesVendor(certificate);

// They keep what they heard, for tests.
setInterval(() => {
  for (const { requests } of [amazon, hashicorp, manager.server]) requests.length = 0;
}, 100);

const originOf = async (port: number): Promise<string> =>
  `https://${Number(delay) > 0 ? (await openRelay(port, Number(delay))).host : `127.0.0.1:${port}`}`;
const vault = await originOf(hashicorp.port);
const thales = await originOf(manager.server.port);
const servers: KmsServers = {
  aws: {
    origin: await originOf(amazon.port),
    keyPath: { keyID: "arn:aws:kms:us-east-1:111122223333:key/1234", region: "us-east-1" },
    credentials: PAIR,
  },
  vault: {
    origin: vault,
    keyPath: { address: vault, mountPath: "transit", keyName: "documents" },
    credentials: { token: "static-token" },
  },
  thales: {
    origin: thales,
    keyPath: { ...manager.keyPath, serviceUrl: thales },
    credentials: manager.credentials,
  },
};
process.stdout.write(`${JSON.stringify(servers)}\n`);
