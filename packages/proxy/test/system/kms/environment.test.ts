import { existsSync } from "node:fs";
import {
  type Certificate,
  DataFolder,
  FakeVault,
  honest,
  primary,
  selfSignedCertificate,
} from "@tenant-security/testkit";
import {
  startAzureVendor,
  startGcpVendor,
  startThalesVendor,
  vendorEnvironment,
} from "@tenant-security/testkit/vendors";
import { PAIR, startFakeAws } from "../../../../kms-adapters/test/fakes/aws.ts";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { body, outcome, post, unwrap, WRAP, wrap } from "../support/requests.ts";
import { startCanary } from "./support/canary.ts";
import { poisonedEnvironment } from "./support/poisoned-environment.ts";
import { aws, azure, gcp, thales, vault } from "./support/vendor-entries.ts";
import { startWatchedProxy, type WatchedProxy } from "./support/watched-proxy.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const VENDORS = ["AWS", "GCP", "AZURE", "THALES", "VAULT"] as const;

/** Configurations that lack one credential which the environment offers. */
const INCOMPLETE = [
  ...["accessKeyId", "secretAccessKey"].map((name) => aws({}, { [name]: undefined })),
  ...["client_email", "private_key"].map((name) => gcp({}, { [name]: undefined })),
  ...["tenantGuid", "clientId", "clientSecret"].map((name) => azure({}, { [name]: undefined })),
  ...["username", "password"].map((name) => thales({}, { [name]: undefined })),
  vault({}, { token: undefined }),
  vault({ address: undefined }),
  aws({ region: undefined }),
].map((entry) => ({ ...entry, what: missingOf(entry) }));

describe("an environment full of somebody else's credentials and endpoints", async () => {
  const canary = await startCanary();
  const folder = new DataFolder();
  const poison = poisonedEnvironment(folder, canary.port);
  let world: Awaited<ReturnType<typeof startVendors>>;
  let watched: WatchedProxy;

  beforeAll(async () => {
    const certificate = selfSignedCertificate();
    world = await startVendors(certificate);
    const entries = [...world.entries, ...INCOMPLETE];
    const document = {
      version: 1,
      kmsConfigurations: entries.map(({ type, keyPath, credentials }, index) => {
        return { id: index + 1, type, keyPath, credentials };
      }),
      tenants: entries.map((_, index) => ({
        id: `tenant-${index}`,
        configurations: [primary(index + 1)],
      })),
    };
    folder.write("tenants.json", JSON.stringify(document));
    const authority = folder.write("authority.pem", certificate.cert);
    const env = { ...poison.env, ...world.env, NODE_EXTRA_CA_CERTS: authority };
    watched = await startWatchedProxy({ folder, env });
  });
  afterAll(async () => {
    await watched?.proxy.program.stop("SIGKILL");
    await world?.close();
    await canary.close();
    folder.remove();
  });

  it.for(VENDORS.map((type, index) => [type, index] as const))(
    "changes nothing about %s",
    async ([type, index]) => {
      watched.look();
      const { url } = watched.proxy;

      const { dek, edek } = await wrap(url, `tenant-${index}`);
      expect((await unwrap(url, `tenant-${index}`, edek)).json).toEqual({ dek });

      const { connections, lookups } = watched.look();
      expect(new Set(connections)).toEqual(new Set([world.hosts[type]]));
      expect(lookups.every((name) => name === "127.0.0.1")).toBe(true);
    },
  );

  it.for(INCOMPLETE.map(({ type, what }, index) => [type, what, index + VENDORS.length] as const))(
    "completes no configuration of %s that lacks %s",
    async ([, , index]) => {
      watched.look();

      const answer = await post(watched.proxy.url, WRAP, body(`tenant-${index}`));

      expect(outcome(answer)).toEqual([422, 207]);
      expect(watched.look()).toEqual({ connections: [], lookups: [] });
    },
  );

  it("was read by nobody: no metadata server, proxy or process of it was asked", () => {
    const requests = world.requests();

    expect(canary.visits()).toBe(0);
    expect(existsSync(poison.marker)).toBe(false);
    expect(requests.length).toBeGreaterThan(VENDORS.length * 2);
    for (const secret of poison.secrets) expect(requests.join("\n")).not.toContain(secret);
  });
});

/** All vendors on loopback, and everything that they hear. */
async function startVendors(certificate: Certificate) {
  const heard: string[] = [];
  const google = await startGcpVendor(certificate);
  const entra = await startAzureVendor(certificate);
  const manager = await startThalesVendor(certificate);
  const amazon = await startFakeAws({ certificate });
  const hashicorp = await FakeVault.start({
    documents: (call) => {
      heard.push(JSON.stringify(call));
      return honest(call);
    },
  });
  const vendors = [google, entra, manager];
  const keyID = "arn:aws:kms:us-east-1:111122223333:key/1234";
  const region = "us-east-1";
  const hashicorpHost = new URL(hashicorp.url).host;
  const env = {
    ...vendorEnvironment([...vendors, { env: {}, allowedHost: hashicorp.url }]),
    TSP_KMS_AWS_ENDPOINT: `https://127.0.0.1:${amazon.port}`,
  };
  return {
    env,
    entries: [
      { type: "AWS", keyPath: { keyID, region }, credentials: PAIR },
      ...vendors,
      vault({ address: hashicorp.url }),
    ],
    hosts: {
      AWS: `127.0.0.1:${amazon.port}`,
      GCP: `127.0.0.1:${google.server.port}`,
      AZURE: `127.0.0.1:${entra.server.port}`,
      THALES: `127.0.0.1:${manager.server.port}`,
      VAULT: hashicorpHost,
    } satisfies Record<(typeof VENDORS)[number], string>,
    requests: () => [
      ...heard,
      ...[amazon, ...vendors.map(({ server }) => server)].flatMap(({ requests }) =>
        requests.map((request) => JSON.stringify({ ...request, query: String(request.query) })),
      ),
    ],
    close: async () => {
      await Promise.all([hashicorp, amazon, ...vendors].map((server) => server.close()));
    },
  };
}

/** The members that are undefined. */
function missingOf({ keyPath, credentials }: { keyPath: unknown; credentials: unknown }): string {
  return [keyPath, credentials]
    .flatMap((members) => Object.entries(members as object))
    .flatMap(([name, value]) => (value === undefined ? [name] : []))
    .join(", ");
}
