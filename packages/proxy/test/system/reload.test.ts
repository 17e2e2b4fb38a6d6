import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ConfigurationDocument, DataFolder, get, type Proxy } from "@tenant-security/testkit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { eventually } from "./support/eventually.ts";
import { body, outcome, post, unwrap, WRAP, wrap } from "./support/requests.ts";
import { localTenants, temporaryFolder, temporaryProxy } from "./support/world.ts";

vi.setConfig({ testTimeout: 120_000 });

/** The code that a wrap of the tenant ends with, once it is the expected one. */
async function codeOf({ url }: Proxy, tenant: string, expected: number | undefined) {
  const [, code] = await eventually(
    async () => outcome(await post(url, WRAP, body(tenant))),
    (seen) => seen[1] === expected,
  );
  return code;
}

function without(document: ConfigurationDocument, tenant: string): ConfigurationDocument {
  return { ...document, tenants: document.tenants.filter(({ id }) => id !== tenant) };
}

async function metric({ url }: Proxy, name: string): Promise<number> {
  const { text } = await get(`${url}/metrics`);
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
}

describe("a change of the configuration file", () => {
  it("takes effect by itself when the file is replaced", async () => {
    const folder = temporaryFolder();
    const document = localTenants(folder);
    folder.configure(without(document, "other"));
    const proxy = await temporaryProxy({ folder });
    expect(await codeOf(proxy, "other", 201)).toBe(201);

    folder.configure(document);
    expect(await codeOf(proxy, "other", undefined)).toBeUndefined();

    folder.configure(without(document, "other"));
    expect(await codeOf(proxy, "other", 201)).toBe(201);
  });

  it("takes effect by itself when the file is written in place", async () => {
    const folder = temporaryFolder();
    const document = localTenants(folder);
    const proxy = await temporaryProxy({ folder });
    expect(await codeOf(proxy, "other", undefined)).toBeUndefined();

    writeFileSync(folder.configFile, JSON.stringify(without(document, "other")));

    expect(await codeOf(proxy, "other", 201)).toBe(201);
  });

  it("takes effect when Kubernetes swaps the link of a mounted secret", async () => {
    const folder = new DataFolder();
    onTestFinished(() => folder.remove());
    const document = localTenants(folder);
    const mount = mounted(folder, "first", without(document, "other"));
    const proxy = await temporaryProxy({ folder, env: { TSP_CONFIG_FILE: mount } });
    expect(await codeOf(proxy, "other", 201)).toBe(201);

    mounted(folder, "second", document);

    expect(await codeOf(proxy, "other", undefined)).toBeUndefined();
  });

  it("takes effect at the next refresh even when nobody tells of it", async () => {
    const folder = temporaryFolder();
    const proxy = await temporaryProxy({
      folder,
      env: { TSP_CONFIG_REFRESH_INTERVAL_MS: "200" },
    });
    const first = await metric(proxy, "tsp_kms_last_config_refresh_timestamp_seconds");

    const later = await eventually(
      () => metric(proxy, "tsp_kms_last_config_refresh_timestamp_seconds"),
      (seconds) => seconds > first,
    );

    expect(later).toBeGreaterThan(first);
  });

  it("replaces a key of the local KMS", async () => {
    const folder = temporaryFolder();
    const document = localTenants(folder);
    const proxy = await temporaryProxy({ folder });
    const { edek } = await wrap(proxy.url, "unleased");
    folder.key("replacement.key");

    const changed = document.kmsConfigurations.map((configuration) =>
      configuration.id === 12
        ? {
            ...configuration,
            credentials: { keys: [{ version: 1, key: { fromFile: "replacement.key" } }] },
          }
        : configuration,
    );
    folder.configure({ ...document, kmsConfigurations: changed });

    const seen = await eventually(
      async () => outcome(await unwrap(proxy.url, "unleased", edek)),
      ([status]) => status !== 200,
    );
    expect(seen).toEqual([422, 205]);
    expect((await wrap(proxy.url, "unleased")).dek).toHaveLength(44);
  });

  it("loses no request while configurations come and go", async () => {
    const folder = temporaryFolder();
    const document = localTenants(folder);
    const proxy = await temporaryProxy({ folder });
    const outcomes = new Set<number>();
    const over = new AbortController();
    const load = Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        while (!over.signal.aborted) {
          const tenant = index % 2 === 0 ? "leased" : "unleased";
          outcomes.add((await post(proxy.url, WRAP, body(tenant))).status);
        }
      }),
    );

    for (let round = 0; round < 10; round += 1) {
      folder.configure(without(document, "other"));
      expect(await codeOf(proxy, "other", 201)).toBe(201);
      folder.configure(document);
      expect(await codeOf(proxy, "other", undefined)).toBeUndefined();
    }
    over.abort();
    await load;

    expect([...outcomes]).toEqual([200]);
  });
});

describe("a broken configuration file", () => {
  it.for([
    ["that is no YAML", "version: 1\n  tenants: ["],
    ["that is empty", ""],
    ["that is binary", Buffer.alloc(1_000, 0xff)],
    ["of another version", '{"version":7}'],
    [
      "with a dangling reference",
      '{"version":1,"kmsConfigurations":[],"tenants":[{"id":"a","configurations":[{"id":5}]}]}',
    ],
  ] as const)("%s leaves the last good one in force, and is told", async ([, content]) => {
    const folder = temporaryFolder();
    const document = localTenants(folder);
    const proxy = await temporaryProxy({ folder });
    const { dek, edek } = await wrap(proxy.url, "unleased");

    folder.replace("tenants.json", content);
    const failures = await eventually(
      () => metric(proxy, "tsp_config_refresh_failures_total"),
      (count) => count > 0,
    );

    expect(failures).toBeGreaterThan(0);
    expect((await unwrap(proxy.url, "unleased", edek)).json).toEqual({ dek });
    expect((await get(`${proxy.healthUrl}/ready`)).status).toBe(200);
    expect(proxy.program.log.some(({ level }) => level === "error" || level === "warn")).toBe(true);

    folder.configure(without(document, "other"));
    expect(await codeOf(proxy, "other", 201)).toBe(201);
  });

  it("serves no longer than it may", async () => {
    const folder = temporaryFolder();
    const document = localTenants(folder);
    const proxy = await temporaryProxy({
      folder,
      env: { TSP_CONFIG_REFRESH_INTERVAL_MS: "200", TSP_CONFIG_MAX_AGE_MS: "1500" },
    });
    await wrap(proxy.url, "leased");

    folder.replace("tenants.json", "broken: [");
    const ready = async () => (await get(`${proxy.healthUrl}/ready`)).status;
    expect(await eventually(ready, (status) => status === 500)).toBe(500);
    expect(await codeOf(proxy, "leased", 100)).toBe(100);
    // Where the file is, only the log says.
    expect((await post(proxy.url, WRAP, body("leased"))).text).not.toContain(folder.path);
    expect((await get(`${proxy.healthUrl}/live`)).status).toBe(200);

    const said = proxy.program.log.map(({ message }) => message);
    expect(said).toContainEqual(expect.stringMatching(/too old to be used: .*tenants\.json/));

    folder.configure(document);
    expect(await eventually(ready, (status) => status === 200)).toBe(200);
    expect(await codeOf(proxy, "leased", undefined)).toBeUndefined();
  });
});

/**
 * Lays a file out as Kubernetes does: the visible name points through `..data`, a link that is
 * replaced by a rename. Gives the visible name.
 */
function mounted(folder: DataFolder, version: string, document: ConfigurationDocument): string {
  const mount = folder.file("mount");
  const real = join(mount, `..${version}`);
  mkdirSync(real, { recursive: true });
  writeFileSync(join(real, "tenants.json"), JSON.stringify(absolute(folder, document)));
  const fresh = join(mount, "..data_tmp");
  symlinkSync(`..${version}`, fresh);
  renameSync(fresh, join(mount, "..data"));
  const visible = join(mount, "tenants.json");
  if (version === "first") symlinkSync(join("..data", "tenants.json"), visible);
  return visible;
}

/** Key files by absolute path: the folder of a mounted file is not theirs. */
function absolute(folder: DataFolder, document: ConfigurationDocument): ConfigurationDocument {
  const text = JSON.stringify(document).replaceAll(
    /"fromFile":"([^"]+)"/g,
    (_, name: string) => `"fromFile":${JSON.stringify(folder.file(name))}`,
  );
  return JSON.parse(text) as ConfigurationDocument;
}
