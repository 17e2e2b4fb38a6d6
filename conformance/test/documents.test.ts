import { randomBytes } from "node:crypto";
import { PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { TenantSecurityClient } from "@ironcorelabs/tenant-security-nodejs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { metadata, startWorld, TENANTS, TRANSPORTS, type World } from "../support/world.ts";

describe.for(TRANSPORTS)("documents over %s", (transport) => {
  let world: World;
  let client: TenantSecurityClient;

  beforeAll(async () => {
    world = await startWorld(transport);
    client = world.client;
  });
  afterAll(() => world?.stop());

  describe.for(TENANTS)("of the tenant %s", (tenant) => {
    it("come back as they were", async () => {
      const document = { name: Buffer.from("Ada"), photo: randomBytes(100_000) };

      const encrypted = await client.encryptDocument(document, metadata(tenant));
      const decrypted = await client.decryptDocument(encrypted, metadata(tenant));

      expect(encrypted.encryptedDocument["name"]).not.toEqual(document.name);
      expect(decrypted).toEqual({ plaintextDocument: document, edek: encrypted.edek });
    });

    it("can be encrypted again under the key they have", async () => {
      const first = await client.encryptDocument({ a: Buffer.from("one") }, metadata(tenant));
      const change = { plaintextDocument: { a: Buffer.from("two") }, edek: first.edek };

      const second = await client.encryptDocumentWithExistingKey(change, metadata(tenant));

      expect(second.edek).toBe(first.edek);
      const opened = await client.decryptDocument(second, metadata(tenant));
      expect(opened.plaintextDocument["a"]?.toString()).toBe("two");
    });

    it("travel in batches", async () => {
      const documents = Object.fromEntries(
        Array.from({ length: 50 }, (_, index) => [`id-${index}`, { f: randomBytes(10) }]),
      );

      const encrypted = await client.encryptDocumentBatch(documents, metadata(tenant));
      const decrypted = await client.decryptDocumentBatch(encrypted.successes, metadata(tenant));

      expect([encrypted.hasFailures, decrypted.hasFailures]).toEqual([false, false]);
      const plain = Object.entries(decrypted.successes).map(([id, d]) => [id, d.plaintextDocument]);
      expect(Object.fromEntries(plain)).toEqual(documents);
    });

    it("can be encrypted again in batches", async () => {
      const documents = { one: { f: Buffer.from("1") }, two: { f: Buffer.from("2") } };
      const { successes } = await client.encryptDocumentBatch(documents, metadata(tenant));
      const changes = Object.fromEntries(
        Object.entries(successes).map(([id, { edek }]) => [
          id,
          { plaintextDocument: { f: Buffer.from(`new ${id}`) }, edek },
        ]),
      );

      const again = await client.encryptDocumentBatchWithExistingKey(changes, metadata(tenant));

      const opened = await client.decryptDocumentBatch(again.successes, metadata(tenant));
      expect(opened.successes["two"]?.plaintextDocument["f"]?.toString()).toBe("new two");
    });

    it("fail one by one inside a batch, each with its own reason", async () => {
      const good = await client.encryptDocument({ f: Buffer.from("good") }, metadata(tenant));
      const foreign = await client.encryptDocument({ f: Buffer.from("x") }, metadata("third"));
      const garbage = Buffer.from("what a waste of time\n").toString("base64");

      const result = await client.decryptDocumentBatch(
        { good, foreign, garbage: { ...good, edek: garbage } },
        metadata(tenant),
      );

      expect(result.successes["good"]?.plaintextDocument["f"]?.toString()).toBe("good");
      expect(result.failures).toEqual({
        foreign: expect.objectContaining({
          errorCode: 203,
          message: expect.stringContaining("is not assigned to tenant"),
        }),
        garbage: expect.objectContaining({
          errorCode: 203,
          message: expect.stringContaining("Provided EDEK didn't contain IronCore EDEKs"),
        }),
      });
    });

    it("stream", async () => {
      const plain = randomBytes(300_000);
      const encrypted = new PassThrough();
      const decrypted = new PassThrough();

      const ciphertext = buffer(encrypted);
      const { edek } = await client.encryptStream(bytes(plain), encrypted, metadata(tenant));
      const opened = buffer(decrypted);
      await client.decryptStream(edek, bytes(await ciphertext), decrypted, metadata(tenant));

      expect((await opened).equals(plain)).toBe(true);
    });

    it("stay with their tenant", async () => {
      const other = tenant === "leased" ? "two-configurations" : "disabled";
      const encrypted = await client.encryptDocument({ f: Buffer.from("mine") }, metadata(tenant));

      // Both tenants have the configuration; the key is bound to the one it was made for.
      await expect(client.decryptDocument(encrypted, metadata(other))).rejects.toMatchObject({
        errorCode: tenant === "leased" ? 203 : 202,
      });
    });
  });

  describe("rekeyed", () => {
    it.for([
      ["leased", "unleased"],
      ["unleased", "leased"],
      ["unleased", "unleased"],
      ["leased", "leased"],
      ["third", "two-configurations"],
    ] as const)("from %s to %s open there, and no longer at the first", async ([from, to]) => {
      const encrypted = await client.encryptDocument({ f: Buffer.from("moved") }, metadata(from));

      const edek = await client.rekeyEdek(encrypted.edek, to, metadata(from));

      const moved = await client.decryptDocument({ ...encrypted, edek }, metadata(to));
      expect(moved.plaintextDocument["f"]?.toString()).toBe("moved");
      if (from === to) return;
      await expect(
        client.decryptDocument({ ...encrypted, edek }, metadata(from)),
      ).rejects.toMatchObject({ errorCode: 203 });
    });
  });

  it("work for a hundred callers at once", async () => {
    const opened = await Promise.all(
      Array.from({ length: 100 }, (_, index) => roundTrip(client, index)),
    );

    expect(opened).toEqual(opened.map((_, index) => `document ${index}`));
  });
});

async function roundTrip(client: TenantSecurityClient, index: number): Promise<string | undefined> {
  const tenant = TENANTS[index % TENANTS.length] ?? "";
  const document = { f: Buffer.from(`document ${index}`) };
  const encrypted = await client.encryptDocument(document, metadata(tenant));
  const { plaintextDocument } = await client.decryptDocument(encrypted, metadata(tenant));
  return plaintextDocument["f"]?.toString();
}

function bytes(content: Buffer): Readable {
  return Readable.from([content], { objectMode: false });
}
