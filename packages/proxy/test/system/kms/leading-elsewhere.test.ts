import { setTimeout as sleep } from "node:timers/promises";
import {
  DataFolder,
  FakeVault,
  primary,
  type Proxy,
  type VaultBehaviour,
} from "@tenant-security/testkit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { body, outcome, post, WRAP } from "../support/requests.ts";
import { clients } from "../workers/support/clients.ts";
import { type Canary, startCanary } from "./support/canary.ts";
import { aws, azure, type Entry, gcp, vault } from "./support/vendor-entries.ts";
import { startWatchedProxy, type WatchedProxyOptions } from "./support/watched-proxy.ts";

vi.setConfig({ testTimeout: 60_000 });

const PUBLIC = "93.184.215.14";

/** A watched proxy with one tenant, `acme`, at that KMS. */
async function proxyAt(entry: Entry, options: Omit<WatchedProxyOptions, "folder"> = {}) {
  const folder = new DataFolder();
  onTestFinished(() => folder.remove());
  const tenants = [{ id: "acme", configurations: [primary(1)] }];
  const document = { version: 1, kmsConfigurations: [{ id: 1, ...entry }], tenants };
  folder.write("tenants.json", JSON.stringify(document));
  const watched = await startWatchedProxy({ folder, ...options });
  onTestFinished(async () => void (await watched.proxy.program.stop("SIGKILL")));
  return watched;
}

async function canaryOfTest(): Promise<Canary> {
  const canary = await startCanary();
  onTestFinished(canary.close);
  return canary;
}

async function wrap({ url }: Proxy) {
  return outcome(await post(url, WRAP, body("acme")));
}

describe("members of a configuration that nobody asks for", () => {
  it.for([
    [
      "a service-account file of Google",
      "oauth2.googleapis.com",
      (url: string) =>
        gcp(
          {},
          {
            type: "service_account",
            token_uri: `${url}/token`,
            auth_uri: `${url}/auth`,
            auth_provider_x509_cert_url: `${url}/certs`,
            client_x509_cert_url: `${url}/cert`,
            universe_domain: new URL(url).host,
            quota_project_id: "evil",
            service_account_impersonation_url: `${url}/impersonate`,
          },
        ),
    ],
    [
      "AWS",
      "kms.us-east-1.amazonaws.com",
      (url: string) =>
        aws(
          { endpoint: url, endpointUrl: url, service: "kms" },
          { endpoint: url, credentialProcess: "touch stolen", webIdentityTokenFile: "/etc/passwd" },
        ),
    ],
    [
      "Azure",
      "login.microsoftonline.com",
      (url: string) =>
        azure({ authorityHost: url, scope: url }, { authorityHost: url, authority: url }),
    ],
    [
      "Vault",
      "vault.example.com",
      (url: string) => vault({ proxy: url, authAddress: url }, { wrapInfo: url, oidcUrl: url }),
    ],
  ] as const)("of %s lead nowhere but to %s", async ([, name, entry]) => {
    const canary = await canaryOfTest();
    const { proxy, look } = await proxyAt(entry(`http://127.0.0.1:${canary.port}`), {
      names: { [name]: [[PUBLIC]] },
    });

    expect(await wrap(proxy)).toEqual([503, 208]);

    const { lookups, connections } = look();
    expect(new Set(lookups)).toEqual(new Set([name]));
    expect(new Set(connections)).toEqual(new Set([`${PUBLIC}:443`]));
    expect(canary.visits()).toBe(0);
  });
});

describe("a KMS that sends its caller elsewhere", () => {
  it("is not obeyed, whichever redirect it sends", async () => {
    const canary = await canaryOfTest();
    const location = `http://127.0.0.1:${canary.port}/latest/meta-data/`;
    const statuses = [301, 302, 303, 307, 308];
    const left = [...statuses];
    const redirecting: VaultBehaviour = () => ({
      status: left.shift() ?? 500,
      body: "",
      headers: { location },
    });
    const server = await FakeVault.start({ documents: redirecting });
    onTestFinished(() => server.close());
    const { proxy, look } = await proxyAt(vault({ address: server.url }), {
      env: { TSP_KMS_ALLOWED_HOSTS: server.url },
    });

    for (const status of statuses) {
      expect([status, ...(await wrap(proxy))]).toEqual([status, 502, 204]);
    }

    expect(left).toEqual([]);
    expect(canary.visits()).toBe(0);
    const { host } = new URL(server.url);
    expect(new Set(look().connections)).toEqual(new Set([host]));
  });
});

describe("a name that leads elsewhere after it was looked up", () => {
  it("is pinned for the calls that follow, and refused when it is looked up again", async () => {
    const { proxy, look } = await proxyAt(vault(), {
      names: { "vault.example.com": [[PUBLIC], ["127.0.0.1"]] },
      env: { TSP_KEEP_ALIVE_TIMEOUT_MS: "60000" },
    });
    // Look-ups are each process's own: one connection is at one of them.
    const [client] = clients(proxy.url, 1);
    const wrapped = async () => outcome(await client!.wrap("acme"));

    expect(await wrapped()).toEqual([503, 208]);
    expect(await wrapped()).toEqual([503, 208]);
    const first = look();
    expect(first.lookups).toEqual(["vault.example.com"]);
    expect(new Set(first.connections)).toEqual(new Set([`${PUBLIC}:443`]));

    // An answer of the name server is kept for ten seconds.
    await sleep(10_500);
    expect(await wrapped()).toEqual([422, 207]);
    expect(look()).toEqual({ lookups: ["vault.example.com"], connections: [] });
  });
});
