import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failure, metadata } from "../world.ts";
import { codeOf, decrypt, encrypt } from "./documents.ts";
import { lastRefresh, nextRefresh } from "./refresh.ts";
import type { KmsWorld } from "./world.ts";

const SETTLED = { timeout: 20_000 };

/** What the published client does with two tenants of each KMS, and what it is told without one. */
export function describeVendors(names: readonly string[], start: () => Promise<KmsWorld>): void {
  let world: KmsWorld;

  beforeAll(async () => {
    world = await start();
  });
  afterAll(() => world?.stop());

  describeDocuments(
    names.flatMap((name) => [`${name}-unleased`, `${name}-leased`]),
    () => world,
  );
  describe.for(names)("a tenant who takes the key away at %s", (name) => {
    describeRevocation(name, () => world);
  });
}

function describeDocuments(tenants: readonly string[], world: () => KmsWorld): void {
  it.for(tenants)("documents of %s come back", async (tenant) => {
    const { client } = world();

    expect(await decrypt(client, tenant, await encrypt(client, tenant, "mine"))).toBe("mine");
  });

  it.for(tenants)("documents of %s travel in batches", async (tenant) => {
    const { client } = world();
    const documents = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`id-${index}`, { f: randomBytes(10) }]),
    );

    const encrypted = await client.encryptDocumentBatch(documents, metadata(tenant));
    const opened = await client.decryptDocumentBatch(encrypted.successes, metadata(tenant));

    expect([encrypted.hasFailures, opened.hasFailures]).toEqual([false, false]);
    const plain = Object.entries(opened.successes).map(([id, d]) => [id, d.plaintextDocument]);
    expect(Object.fromEntries(plain)).toEqual(documents);
  });

  it.for(tenants)("documents of %s move to every other KMS, and stay there", async (from) => {
    const { client } = world();
    const document = await encrypt(client, from, "moved");
    const others = tenants.filter((tenant) => tenant !== from);

    const moved = await Promise.all(
      others.map(async (to) => {
        const edek = await client.rekeyEdek(document.edek, to, metadata(from));
        const there = { ...document, edek };
        return [to, await decrypt(client, to, there), await codeOf(decrypt(client, from, there))];
      }),
    );

    expect(moved).toEqual(others.map((to) => [to, "moved", 203]));
  });
}

function describeRevocation(name: string, world: () => KmsWorld): void {
  const [unleased, leased] = [`${name}-unleased`, `${name}-leased`];

  it("is obeyed at once without a lease, and at the next refresh with one", async () => {
    const { client, proxy, vendor } = world();
    const direct = await encrypt(client, unleased);
    const lasting = await encrypt(client, leased);
    await nextRefresh(proxy.url);
    const before = await lastRefresh(proxy.url);

    const code = await vendor(name).revoke();

    // The embedded KMS is ruled by the configuration file, which takes a moment to be read.
    await expect.poll(() => codeOf(decrypt(client, unleased, direct)), SETTLED).toBe(code);
    expect(await codeOf(encrypt(client, unleased))).toBe(code);
    expect(await failure(decrypt(client, unleased, direct))).toMatchObject({
      message: expect.stringMatching(/configuration \d+/),
    });
    const still = await codeOf(decrypt(client, leased, lasting));
    const refreshed = (await lastRefresh(proxy.url)) !== before;
    expect(refreshed ? 0 : still).toBe(0);
    await expect.poll(() => codeOf(decrypt(client, leased, lasting)), SETTLED).toBe(code);
    expect(await codeOf(encrypt(client, leased))).toBe(code);

    await vendor(name).restore();

    await expect.poll(() => codeOf(decrypt(client, unleased, direct)), SETTLED).toBe(0);
    await expect.poll(() => codeOf(decrypt(client, leased, lasting)), SETTLED).toBe(0);
    expect(await decrypt(client, leased, await encrypt(client, leased, "again"))).toBe("again");
  });
}
