import { FileSecretStore } from "../../../src/file-source/secrets/secret-store.ts";

/**
 * Creates a secret for each of `paths`, all at once, as soon as a line arrives on standard input;
 * then prints the ids in their order.
 */
const [folder = "", paths = "0", mark = ""] = process.argv.slice(2);
const store = new FileSecretStore({ folder });

process.stdin.once("data", async () => {
  const created = await Promise.all(
    Array.from({ length: Number(paths) }, (_, index) =>
      store.create(
        { tenantId: "acme", secretType: "search", secretPath: `path-${index}` },
        Buffer.from(`${mark} ${index}`),
      ),
    ),
  );
  const seen = created.map(({ id, encryptedSecret }) => [
    id,
    Buffer.from(encryptedSecret).toString(),
  ]);
  process.stdout.write(`${JSON.stringify(seen)}\n`, () => process.exit(0));
});
process.stdout.write("ready\n");
