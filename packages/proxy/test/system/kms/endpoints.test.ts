import { DataFolder, primary } from "@tenant-security/testkit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { body, outcome, post, WRAP } from "../support/requests.ts";
import { startCanary } from "./support/canary.ts";
import { aws, azure, gcp, thales, vault } from "./support/vendor-entries.ts";
import { startWatchedProxy } from "./support/watched-proxy.ts";

vi.setConfig({ testTimeout: 60_000 });

/** A proxy whose operator leads every vendor to this machine, and tenants who know where. */
async function ledAstray(scheme: "http" | "https") {
  const canary = await startCanary();
  onTestFinished(canary.close);
  const folder = new DataFolder();
  onTestFinished(() => folder.remove());
  const origin = `${scheme}://127.0.0.1:${canary.port}`;
  const tenants = {
    aws: aws(),
    gcp: gcp(),
    azure: azure(),
    "a vault of Azure there": azure({ vaultBaseUrl: origin }),
    "a Vault there": vault({ address: origin }),
    "a manager there": thales({ serviceUrl: origin }),
  };
  const entries = Object.entries(tenants);
  const document = {
    version: 1,
    kmsConfigurations: entries.map(([, entry], index) => ({ id: index + 1, ...entry })),
    tenants: entries.map(([id], index) => ({ id, configurations: [primary(index + 1)] })),
  };
  folder.write("tenants.json", JSON.stringify(document));
  const watched = await startWatchedProxy({
    folder,
    env: {
      TSP_KMS_ALLOWED_HOSTS: "vault.internal:8200",
      TSP_KMS_AWS_ENDPOINT: origin,
      TSP_KMS_GCP_ENDPOINT: origin,
      TSP_KMS_GCP_TOKEN_ENDPOINT: `${origin}/token`,
      TSP_KMS_AZURE_AUTHORITY: origin,
    },
  });
  onTestFinished(async () => void (await watched.proxy.program.stop("SIGKILL")));
  const { url, program } = watched.proxy;
  return {
    origin,
    canary,
    program,
    codeOf: async (tenant: string) => outcome(await post(url, WRAP, body(tenant)))[1],
    look: watched.look,
  };
}

describe("endpoints that the operator sets", () => {
  it.for(["http", "https"] as const)(
    "are where the vendors' tenants are led, over %s",
    async (scheme) => {
      const { canary, codeOf, look } = await ledAstray(scheme);
      const host = `127.0.0.1:${canary.port}`;

      for (const tenant of ["aws", "gcp", "azure"]) {
        look();
        await codeOf(tenant);
        expect(new Set(look().connections)).toEqual(new Set([host]));
      }
      expect(canary.visits()).toBeGreaterThanOrEqual(3);
    },
  );

  it.for(["http", "https"] as const)(
    "are open to no address of a tenant's choice, over %s",
    async (scheme) => {
      const { canary, codeOf } = await ledAstray(scheme);

      for (const tenant of ["a vault of Azure there", "a Vault there", "a manager there"]) {
        expect(await codeOf(tenant)).toBe(207);
      }
      expect(canary.visits()).toBe(0);
    },
  );

  it("are told at start, beside the hosts that are allowed", async () => {
    const { origin, program } = await ledAstray("http");

    expect(program.log.find(({ message }) => message === "starting")).toMatchObject({
      allowedHosts: ["vault.internal:8200"],
      kmsEndpoints: {
        aws: origin,
        gcp: origin,
        gcpToken: `${origin}/token`,
        azureAuthority: origin,
      },
    });
    expect(program.log.filter(({ level }) => level === "warn")).toEqual([
      expect.objectContaining({ message: expect.stringContaining(origin) }),
    ]);
  });
});
