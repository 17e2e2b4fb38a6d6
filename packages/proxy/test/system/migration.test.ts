import { createCipheriv, randomBytes } from "node:crypto";
import { localKms } from "@tenant-security/kms-adapters/local";
import {
  active,
  type AssignmentEntry,
  type DataFolder,
  disabled,
  localConfiguration,
  primary,
  type Proxy,
} from "@tenant-security/testkit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { bytesOf, closeEdek, FIELD, openEdek, readFields } from "./support/edek.ts";
import { eventually } from "./support/eventually.ts";
import {
  body,
  DERIVE,
  outcome,
  post,
  REKEY,
  unwrap,
  wrap,
  type Wrapped,
} from "./support/requests.ts";
import { localTenants, temporaryFolder, temporaryProxy } from "./support/world.ts";

vi.setConfig({ testTimeout: 120_000 });

const TENANTS = ["leased", "unleased"] as const;

/** What an unwrap gives; a test compares it with the key that went in. */
async function opened({ url }: Proxy, tenant: string, { edek }: Pick<Wrapped, "edek">) {
  return (await unwrap(url, tenant, edek)).json;
}

const versionOf = ({ edek }: Wrapped): number =>
  bytesOf(openEdek(edek), FIELD.data).readUInt32BE(3);

function assign(folder: DataFolder, assignments: readonly AssignmentEntry[]): void {
  const { kmsConfigurations } = localTenants(keepKeys(folder));
  folder.configure({
    version: 1,
    kmsConfigurations,
    tenants: [{ id: "moving", configurations: assignments }],
  });
}

/** The folder with keys that stay what they are when a document is made again. */
function keepKeys(folder: DataFolder): DataFolder {
  return Object.assign(Object.create(folder) as DataFolder, { key: (name: string) => name });
}

describe("a restart", () => {
  it.for(TENANTS)("opens what the run before wrapped for the tenant %s", async (tenant) => {
    const folder = temporaryFolder();
    const first = await temporaryProxy({ folder });
    const wrapped = await wrap(first.url, tenant);
    const derive = { derivationType: "sha512", secretType: "search", paths: { p: ["a"] } };
    const derived = await post(first.url, DERIVE, body(tenant, derive));
    await first.program.stop();

    const second = await temporaryProxy({ folder });

    expect(await opened(second, tenant, wrapped)).toEqual({ dek: wrapped.dek });
    expect((await post(second.url, DERIVE, body(tenant, derive))).json).toEqual(derived.json);
  });

  it.for(TENANTS)(
    "is not needed for two proxies to open each other's keys of %s",
    async (tenant) => {
      const folder = temporaryFolder();
      const [first, second] = await Promise.all([
        temporaryProxy({ folder }),
        temporaryProxy({ folder }),
      ]);

      const [a, b] = [await wrap(first.url, tenant), await wrap(second.url, tenant)];

      expect(await opened(second, tenant, a)).toEqual({ dek: a.dek });
      expect(await opened(first, tenant, b)).toEqual({ dek: b.dek });
    },
  );
});

describe("a move between configurations", () => {
  it("keeps old keys readable, rekeys them, and refuses them in the end", async () => {
    const folder = temporaryFolder();
    assign(folder, [primary(12)]);
    const proxy = await temporaryProxy({ folder });
    const old = await wrap(proxy.url, "moving");
    expect(openEdek(old.edek).get(FIELD.configurationId)).toBe(12);

    assign(folder, [active(12), primary(13)]);
    const fresh = await eventually(
      () => wrap(proxy.url, "moving"),
      ({ edek }) => openEdek(edek).get(FIELD.configurationId) === 13,
    );
    expect(await opened(proxy, "moving", old)).toEqual({ dek: old.dek });
    expect(await opened(proxy, "moving", fresh)).toEqual({ dek: fresh.dek });
    const rekey = { encryptedDocumentKey: old.edek, newTenantId: "moving" };
    const moved = (await post(proxy.url, REKEY, body("moving", rekey))).json as Wrapped;
    expect(moved.dek).toBe(old.dek);
    expect(openEdek(moved.edek).get(FIELD.configurationId)).toBe(13);

    assign(folder, [disabled(12), primary(13)]);
    const unwrapOld = async () => outcome(await unwrap(proxy.url, "moving", old.edek));
    expect(await eventually(unwrapOld, ([status]) => status !== 200)).toEqual([422, 202]);
    expect(await opened(proxy, "moving", moved)).toEqual({ dek: moved.dek });

    assign(folder, [primary(13)]);
    expect(await eventually(unwrapOld, ([, code]) => code === 203)).toEqual([400, 203]);
    expect((await unwrap(proxy.url, "moving", old.edek)).text).toContain(
      "is not assigned to tenant",
    );
    expect(await opened(proxy, "moving", moved)).toEqual({ dek: moved.dek });
  });

  it("keeps leased keys readable when leasing is switched off", async () => {
    const folder = temporaryFolder();
    const document = localTenants(folder);
    folder.configure(document);
    const proxy = await temporaryProxy({ folder });
    const leased = await wrap(proxy.url, "leased");
    expect(openEdek(leased.edek).has(FIELD.leaseId)).toBe(true);

    const kmsConfigurations = document.kmsConfigurations.map((each) => ({
      ...each,
      leasingAllowed: false,
    }));
    folder.configure({ ...document, kmsConfigurations });
    const direct = await eventually(
      () => wrap(proxy.url, "leased"),
      ({ edek }) => !openEdek(edek).has(FIELD.leaseId),
    );

    expect(openEdek(direct.edek).has(FIELD.leaseId)).toBe(false);
    expect(await opened(proxy, "leased", leased)).toEqual({ dek: leased.dek });
    expect(await opened(proxy, "leased", direct)).toEqual({ dek: direct.dek });
  });

  it("opens every version of a local key and wraps with the newest", async () => {
    const folder = temporaryFolder();
    const document = localTenants(folder);
    folder.configure(document);
    const proxy = await temporaryProxy({ folder });
    const old = await wrap(proxy.url, "unleased");
    expect(versionOf(old)).toBe(1);

    const keyFiles = ["first.key", folder.key("second-version.key")];
    const kmsConfigurations = document.kmsConfigurations.map((each) =>
      each.id === 12 ? localConfiguration(12, { keyFiles }) : each,
    );
    folder.configure({ ...document, kmsConfigurations });
    const fresh = await eventually(
      () => wrap(proxy.url, "unleased"),
      (wrapped) => versionOf(wrapped) === 2,
    );

    expect(versionOf(fresh)).toBe(2);
    expect(await opened(proxy, "unleased", old)).toEqual({ dek: old.dek });
    expect(await opened(proxy, "unleased", fresh)).toEqual({ dek: fresh.dek });
  });
});

const FORMATS = [
  ["tenant", "xchacha20-poly1305"],
  ["tenant", "aes-256-gcm"],
  ["none", "aes-256-gcm"],
] as const;

const settings = ([binding, cipher]: (typeof FORMATS)[number]) => ({
  TSP_EDEK_BINDING: binding,
  TSP_LEASE_CIPHER: cipher,
});

describe("the formats of EDEKs", () => {
  it("are all readable by proxies that write another one", async () => {
    const folder = temporaryFolder();
    const proxies = [];
    for (const format of FORMATS) {
      proxies.push(await temporaryProxy({ folder, env: settings(format) }));
    }

    for (const writer of proxies) {
      for (const tenant of TENANTS) {
        const wrapped = await wrap(writer.url, tenant);
        for (const reader of proxies) {
          expect(await opened(reader, tenant, wrapped)).toEqual({ dek: wrapped.dek });
        }
      }
    }
  });

  it.for([
    [FORMATS[0], 25, 0x03],
    [FORMATS[1], 13, 0x02],
    [FORMATS[2], 12, undefined],
  ] as const)("%j have the lease layout of the protocol", async ([format, ivLength, first]) => {
    const proxy = await temporaryProxy({ env: settings(format) });

    const [a, b] = [await wrap(proxy.url, "leased"), await wrap(proxy.url, "leased")];

    const element = openEdek(a.edek);
    const iv = bytesOf(element, FIELD.iv);
    expect([iv.length, bytesOf(element, FIELD.data).length]).toEqual([ivLength, 48]);
    expect(first ?? iv[0]).toBe(iv[0]);
    expect(element.get(FIELD.configurationId)).toBe(11);
    expect(element.get(FIELD.leaseId)).toEqual(expect.any(Number));
    const inner = readFields(bytesOf(readFields(bytesOf(element, FIELD.wrappedLease)), 1));
    expect(inner.get(FIELD.configurationId)).toBe(11);
    expect(bytesOf(openEdek(b.edek), FIELD.wrappedLease)).toEqual(
      bytesOf(element, FIELD.wrappedLease),
    );
    expect(Buffer.from(a.edek, "base64")[0]).toBe(0x0a);
  });

  it("become the original's by a rekey, so that there is a way back", async () => {
    const folder = temporaryFolder();
    const key = randomBytes(32);
    folder.key("first.key", key);
    const bound = await temporaryProxy({ folder });
    const unbound = await temporaryProxy({ folder, env: { TSP_EDEK_BINDING: "none" } });
    const rekeyed = async (tenant: string) => {
      const { dek, edek } = await wrap(bound.url, tenant);
      const rekey = { encryptedDocumentKey: edek, newTenantId: tenant };
      const { json } = await post(unbound.url, REKEY, body(tenant, rekey));
      expect(json).toMatchObject({ dek });
      return { dek, element: openEdek((json as Wrapped).edek) };
    };

    const leased = await rekeyed("leased");
    const unleased = await rekeyed("unleased");

    expect(bytesOf(leased.element, FIELD.iv)).toHaveLength(12);
    const opened = await kmsUnwrap(key, 12, bytesOf(unleased.element, FIELD.data));
    expect(opened.toString("base64")).toBe(unleased.dek);
  });

  it("take the original's bytes for a key that the KMS wrapped", async () => {
    const folder = temporaryFolder();
    const key = randomBytes(32);
    folder.key("first.key", key);
    const proxy = await temporaryProxy({ folder });
    const dek = randomBytes(32);
    const edek = closeEdek(
      new Map<number, number | Buffer>([
        [FIELD.data, await kmsWrap(key, 12, dek)],
        [FIELD.configurationId, 12],
      ]),
    );

    expect(await opened(proxy, "unleased", { edek })).toEqual({ dek: dek.toString("base64") });
  });

  it("take the original's bytes for a leased key, and what Alloy adds to them", async () => {
    const folder = temporaryFolder();
    const key = randomBytes(32);
    folder.key("leased.key", key);
    const proxy = await temporaryProxy({ folder });
    const [dek, leasedKey, iv] = [randomBytes(32), randomBytes(32), randomBytes(12)];
    const cipher = createCipheriv("aes-256-gcm", leasedKey, iv);
    const sealed = Buffer.concat([cipher.update(dek), cipher.final(), cipher.getAuthTag()]);
    const inner = closeEdek(
      new Map<number, number | Buffer>([
        [FIELD.data, await kmsWrap(key, 11, leasedKey)],
        [FIELD.configurationId, 11],
      ]),
    );
    const element = new Map<number, number | Buffer>([
      [FIELD.data, sealed],
      [FIELD.configurationId, 11],
      [FIELD.leaseId, 640],
      [FIELD.iv, iv],
      [FIELD.wrappedLease, Buffer.from(inner, "base64")],
    ]);

    const original = closeEdek(element);
    element.set(FIELD.tenantId, Buffer.from("leased"));
    const fromAlloy = closeEdek(element);
    element.set(99, Buffer.from("a field of tomorrow"));

    for (const edek of [original, fromAlloy, closeEdek(element)]) {
      expect(await opened(proxy, "leased", { edek })).toEqual({ dek: dek.toString("base64") });
    }
  });

  it("bound to a tenant do not open for another one that has the configuration", async () => {
    const folder = temporaryFolder();
    const { kmsConfigurations, tenants } = localTenants(folder);
    folder.configure({
      version: 1,
      kmsConfigurations,
      tenants: [
        ...tenants,
        { id: "leased-twin", configurations: [primary(11)] },
        { id: "unleased-twin", configurations: [primary(12)] },
      ],
    });
    const proxy = await temporaryProxy({ folder });
    const unbound = await temporaryProxy({ folder, env: { TSP_EDEK_BINDING: "none" } });

    for (const tenant of TENANTS) {
      const { edek } = await wrap(proxy.url, tenant);
      expect(outcome(await unwrap(proxy.url, `${tenant}-twin`, edek))).toEqual([400, 203]);
      const free = await wrap(unbound.url, tenant);
      expect(await opened(proxy, `${tenant}-twin`, free)).toEqual({ dek: free.dek });
    }
  });

  it.for([
    "CnYKcQokAMuLEZXMyIGIGj3qsI9uMPPIu3IjrQXRGdZuwWTj5OGOlp8LEkkAL8l2cUyJvtUTsWlWxzKByKGEdyDkn6d+3s86LQR0eEYxVNOosiLggyHmeuopfuMw21qfW2nTx5ughZJTUPMyA7VJggG9HjqVEJYE",
    "CsABCjCkFe10OS/aiG6p9I0ijOirFq1nsRE8cPMog/bhOS0vYv5OCrYGZMSxOlo6dMJEYNgQ/wMYgAUiDEzjRFRtGVz1SRGWoip4CnYKcQokAKUEZIeCIuR/vrw3x2e4iWJRBfNjd/huZXKWoRxk5G5Ae6neEkkA3PhOjCcLd/QJqPK+ML9smJ0deGE4dmgtkBD1qgk0bygWrrmHZl+Oq7Sjdi63aS2JQqo9MaYvuGPoVipJdlfCMmdtsCmQefq2EP8D",
  ])("of the original are understood as far as this tenant may: %s", async (edek) => {
    const proxy = await temporaryProxy();

    const answer = await unwrap(proxy.url, "leased", edek);

    expect(outcome(answer)).toEqual([400, 203]);
    expect(answer.text).toContain("is not assigned to tenant");
  });
});

function kmsWrap(key: Buffer, configurationId: number, plaintext: Buffer): Promise<Buffer> {
  return atKms("wrap", key, configurationId, plaintext);
}

function kmsUnwrap(key: Buffer, configurationId: number, wrapped: Buffer): Promise<Buffer> {
  return atKms("unwrap", key, configurationId, wrapped);
}

async function atKms(
  operation: "wrap" | "unwrap",
  key: Buffer,
  configurationId: number,
  bytes: Buffer,
): Promise<Buffer> {
  const driver = localKms({ keyName: `key-${configurationId}`, keys: [{ version: 1, key }] });
  onTestFinished(() => driver.close?.());
  return Buffer.from(await driver[operation](bytes, { signal: AbortSignal.timeout(10_000) }));
}
