import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { DataFolder, primary, startProxy } from "@tenant-security/testkit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { body, post, WRAP } from "../support/requests.ts";
import { aws, azure, gcp, thales, vault } from "./support/vendor-entries.ts";

vi.setConfig({ testTimeout: 60_000 });

const HOOK = fileURLToPath(new URL("programs/watch-modules.ts", import.meta.url));
const SDK =
  /node_modules\/(@aws-sdk\/client-\w+|@aws-sdk|@smithy|@azure|@google-cloud|google-gax)\//;
const DRIVER = /kms-adapters\/(?:src|dist)\/(aws|azure|gcp|local|thales|vault)\//;
const NOBODY = "https://127.0.0.1:1";
const TENANTS = {
  aws: aws(),
  azure: azure(),
  gcp: gcp(),
  thales: thales({ serviceUrl: NOBODY }),
  vault: vault({ address: NOBODY }),
};

/** A proxy with a tenant at each vendor, none of which can be reached, and what it has loaded. */
async function watchedProxy() {
  const folder = new DataFolder();
  onTestFinished(() => folder.remove());
  const entries = Object.entries(TENANTS);
  const document = {
    version: 1,
    kmsConfigurations: entries.map(([, entry], index) => ({ id: index + 1, ...entry })),
    tenants: entries.map(([id], index) => ({ id, configurations: [primary(index + 1)] })),
  };
  folder.write("tenants.json", JSON.stringify(document));
  const log = folder.write("modules.log", "");
  const { program, url } = await startProxy({
    folder,
    nodeOptions: ["--import", HOOK],
    env: {
      WATCHED_LOG: log,
      TSP_KMS_ALLOWED_HOSTS: "127.0.0.1:1",
      TSP_KMS_AWS_ENDPOINT: NOBODY,
      TSP_KMS_GCP_ENDPOINT: NOBODY,
      TSP_KMS_GCP_TOKEN_ENDPOINT: `${NOBODY}/token`,
      TSP_KMS_AZURE_AUTHORITY: NOBODY,
    },
  });
  onTestFinished(async () => void (await program.stop("SIGKILL")));
  return {
    use: (tenant: string) => post(url, WRAP, body(tenant)),
    loaded: (pattern: RegExp) => {
      const names = readFileSync(log, "utf8").split("\n");
      return new Set(names.flatMap((name) => pattern.exec(name)?.[1] ?? []));
    },
    count: () => readFileSync(log, "utf8").split("\n").length,
  };
}

describe("a proxy", () => {
  it("starts without any vendor's SDK or driver, whatever its tenants use", async () => {
    const { loaded, count } = await watchedProxy();

    expect(count()).toBeGreaterThan(100);
    expect([loaded(SDK), loaded(DRIVER)]).toEqual([new Set(), new Set()]);
  });

  it.for(["azure", "gcp", "thales", "vault"])("needs no SDK for %s at all", async (tenant) => {
    const { use, loaded } = await watchedProxy();

    await use(tenant);

    expect([loaded(SDK), loaded(DRIVER)]).toEqual([new Set(), new Set([tenant])]);
  });

  it("loads the SDK of AWS when the first of its tenants comes, and no other", async () => {
    const { use, loaded } = await watchedProxy();

    await use("aws");

    const names = loaded(SDK);
    expect(loaded(DRIVER)).toEqual(new Set(["aws"]));
    expect(names).toContain("@aws-sdk/client-kms");
    expect(names).not.toContain("@aws-sdk/client-sts");
    expect([...names].filter((name) => !/^@(aws-sdk|smithy)/.test(name))).toEqual([]);
  });
});
