import {
  type DeterministicEncryptedField,
  type DeterministicPlaintextField,
  FieldMetadata,
  KmsException,
} from "@ironcorelabs/tenant-security-nodejs";
import { runProgram } from "@tenant-security/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failure, startWorld, TENANTS, TRANSPORTS, type World } from "../support/world.ts";

const metadata = (tenant: string) => new FieldMetadata(tenant, "service-account");

describe.for(TRANSPORTS)("deterministic fields over %s", (transport) => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld(transport);
  });
  afterAll(() => world?.stop());

  describe.for(TENANTS)("of the tenant %s", (tenant) => {
    it("come back as they were, and look the same each time", async () => {
      const client = world.client.deterministicClient;
      const plain = field("round-trip");

      const first = await client.encryptField(plain, metadata(tenant));
      const second = await client.encryptField(plain, metadata(tenant));

      expect(second).toEqual(first);
      expect(await client.decryptField(first, metadata(tenant))).toEqual(plain);
    });

    it("differ by secret path and by derivation path", async () => {
      const client = world.client.deterministicClient;
      const plain = field("paths");

      const fields = await Promise.all(
        [plain, { ...plain, secretPath: "other" }, { ...plain, derivationPath: "other" }].map(
          (each) => client.encryptField(each, metadata(tenant)),
        ),
      );

      expect(new Set(fields.map(hex)).size).toBe(3);
    });

    it("travel in batches that repeat a path", async () => {
      const client = world.client.deterministicClient;
      const fields = { a: field("batch"), b: field("batch"), c: field("batch", "another") };

      const encrypted = await client.encryptFieldBatch(fields, metadata(tenant));
      const decrypted = await client.decryptFieldBatch(encrypted.successes, metadata(tenant));

      expect(decrypted.successes).toEqual(fields);
    });

    it("fail one by one inside a batch", async () => {
      const client = world.client.deterministicClient;
      const good = await client.encryptField(field("partial"), metadata(tenant));
      const bad = { ...good, encryptedField: Buffer.from("no field at all") };

      const result = await client.decryptFieldBatch({ good, bad }, metadata(tenant));

      expect(Object.keys(result.successes)).toEqual(["good"]);
      expect(Object.keys(result.failures)).toEqual(["bad"]);
    });

    it("survive a rotation, and lose the old key when it is archived", async () => {
      const client = world.client.deterministicClient;
      const plain = field("rotated");
      const old = await client.encryptField(plain, metadata(tenant));

      await secrets("rotate", tenant, plain.secretPath);
      const current = await eventually(
        () => client.encryptField(plain, metadata(tenant)),
        (fresh) => hex(fresh) !== hex(old),
      );

      expect(await client.decryptField(old, metadata(tenant))).toEqual(plain);
      expect(await client.rotateField(old, metadata(tenant))).toEqual(current);
      const terms = await client.generateSearchTerms(plain, metadata(tenant));
      expect(terms.map(hex)).toEqual([hex(current), hex(old)]);

      await secrets("archive", tenant, plain.secretPath);
      const left = await eventually(
        () => client.generateSearchTerms(plain, metadata(tenant)),
        (each) => each.length === 1,
      );
      expect(left.map(hex)).toEqual([hex(current)]);
    });
  });

  it("are refused for an unknown tenant", async () => {
    const error = await failure(
      world.client.deterministicClient.encryptField(field("x"), metadata("nobody")),
    );

    expect(error).toBeInstanceOf(KmsException);
    expect(error).toMatchObject({
      errorCode: 201,
      message: expect.stringContaining("No configurations available"),
    });
  });

  it("have no new path without a primary configuration", async () => {
    const error = await failure(
      world.client.deterministicClient.generateSearchTerms(field("new"), metadata("no-primary")),
    );

    // This client does not know code 401 and shows 100 for it; the HTTP status tells.
    expect(error).toMatchObject({ errorCode: 100, httpResponseCode: 422 });
  });

  it("open and are searched without a primary configuration, but not encrypted", async () => {
    const client = world.client.deterministicClient;
    const plain = field("made-by-command");
    await secrets("create", "no-primary", plain.secretPath);
    const terms = await eventually(
      () => client.generateSearchTerms(plain, metadata("no-primary")),
      (each) => each.length === 1,
    );

    expect(await client.decryptField(terms[0]!, metadata("no-primary"))).toEqual(plain);
    const error = await failure(client.encryptField(plain, metadata("no-primary")));
    expect(error).toMatchObject({ message: expect.stringMatching(/primary KMS config/) });
  });

  async function secrets(command: string, tenant: string, path: string): Promise<void> {
    const args = [
      "secrets",
      command,
      "--tenant",
      tenant,
      "--type",
      "deterministic",
      "--path",
      path,
    ];
    const env = { TSP_CONFIG_FILE: world.folder.configFile };
    const { code, stderr } = await runProgram(args, { env });
    if (code !== 0) throw new Error(`secrets ${command} ended with ${code}: ${stderr}`);
  }
});

function field(secretPath: string, text = "ada@example.com"): DeterministicPlaintextField {
  return { plaintextField: Buffer.from(text), secretPath, derivationPath: "email" };
}

const hex = (field: DeterministicEncryptedField): string => field.encryptedField.toString("hex");

/** A proxy sees what a command changed in the store within moments, not at once. */
async function eventually<T>(ask: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const value = await ask();
    if (holds(value) || Date.now() > deadline) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
