import { localConfiguration, primary } from "@tenant-security/testkit";
import { describe, expect, it } from "vitest";
import { encodeEdek } from "../../src/edek/codec.ts";
import { aFolder, secretsIn } from "./world.ts";

const KEY = { tenantId: "acme", secretType: "deterministic", secretPath: "users/email" } as const;

describe("secrets import", () => {
  it("takes secrets over with their ids, and gives out none of them again", async () => {
    const { store, imports, secrets } = aStore();

    const { code, err } = await imports([
      { ...foreign(640), rotationStatus: "current" },
      { ...foreign(17), rotationStatus: "archived" },
      { ...foreign(600), rotationStatus: "in-rotation" },
    ]);

    expect([code, err]).toEqual([0, "3 imported, 0 there already.\n"]);
    const found = await store().find(KEY);
    expect(found.map(({ id, rotationStatus }) => [id, rotationStatus])).toEqual([
      [640, "current"],
      [600, "in-rotation"],
    ]);
    expect(Buffer.from(found[0]!.encryptedSecret)).toEqual(edek("640"));
    const made = await secrets("create", "--tenant", "acme", "--type", "search", "--path", "new");
    expect(made.out).toMatch(/^641 /m);
  });

  it("changes nothing when it is done again, nor after a rotation here", async () => {
    const { imports, secrets } = aStore();
    const which = ["--tenant", "acme", "--type", "deterministic", "--path", "users/email"];
    await imports([foreign(5)]);

    expect((await imports([foreign(5)])).err).toBe("0 imported, 1 there already.\n");
    await secrets("rotate", ...which);

    expect(await imports([foreign(5)])).toMatchObject({
      code: 1,
      err: expect.stringContaining("ids 5 has another one here already: 6"),
    });
    expect(((await secrets("list", "--json")).out.match(/"id":/g) ?? []).length).toBe(2);
  });

  it("completes what was broken off", async () => {
    const { imports, store } = aStore();
    await imports([{ ...foreign(4), rotationStatus: "in-rotation" }]);

    const { code, err } = await imports([
      { ...foreign(4), rotationStatus: "in-rotation" },
      foreign(9),
    ]);

    expect([code, err]).toEqual([0, "2 imported, 0 there already.\n"]);
    expect((await store().find(KEY)).map(({ id }) => id)).toEqual([9, 4]);
  });

  it("refuses a path that has a secret of its own", async () => {
    const { imports, secrets } = aStore();
    const which = ["--tenant", "acme", "--type", "deterministic", "--path", "users/email"];
    await secrets("create", ...which);

    const { code, err } = await imports([foreign(77)]);

    expect([code, err]).toEqual([
      1,
      expect.stringContaining("ids 77 has another one here already: 1"),
    ]);
  });

  it("tells every mistake and stores nothing", async () => {
    const { imports, secrets } = aStore();

    const { code, err } = await imports([
      foreign(1),
      { ...foreign(1), secretPath: "other" },
      { ...foreign(2), tenantId: "nobody" },
      { ...foreign(3), encryptedSecret: edek("3", 2).toString("base64") },
      { ...foreign(4), encryptedSecret: "nonsense" },
      { ...foreign(5), rotationStatus: 1 },
      { ...foreign(6), secretType: "2" },
      { ...foreign(0), secretPath: "third" },
      foreign(7),
      "nothing",
    ]);

    expect(code).toBe(1);
    expect(err.trim().split("\n")).toEqual(
      [
        "Secret 2: the id 1 is there twice.",
        "Secret 3: the tenant nobody is not in the configuration file.",
        "Secret 4: KMS configuration 2 is not assigned to tenant acme.",
        "Secret 5: encryptedSecret is not the base64 of an EDEK.",
        "Secret 6: rotationStatus is none of current, in-rotation, archived.",
        "Secret 7: secretType is not known.",
        "Secret 8: id is not a number from 1 to 4294967295.",
        "Secret 9: its path has another current secret.",
        "Secret 10: it is not an object.",
      ].map((line) => `tenant-security-proxy: ${line}`),
    );
    expect((await secrets("list")).err).toBe("0 secrets.\n");
  });

  it("refuses an id that another path has here", async () => {
    const { imports, secrets } = aStore();
    await secrets("create", "--tenant", "acme", "--type", "search", "--path", "notes");

    expect(await imports([foreign(1)])).toMatchObject({
      code: 1,
      err: expect.stringContaining("the id 1 belongs to a secret of another path here"),
    });
  });

  it.for([
    ["is not there", undefined, "no such file"],
    ["holds no array", "{}", "not a JSON array"],
    ["holds no JSON", "- id: 1", "not a JSON array"],
  ] as const)("exits with 1 for a file that %s", async ([, content, reason]) => {
    const { folder, secrets } = aStore();
    if (content !== undefined) folder.write("secrets.json", content);

    expect(await secrets("import", folder.file("secrets.json"))).toMatchObject({
      code: 1,
      err: expect.stringContaining(reason),
    });
  });
});

function edek(data: string, kmsConfigId = 1): Buffer {
  return encodeEdek({ data: Buffer.from(data), kmsConfigId, lease: undefined });
}

function foreign(id: number) {
  return {
    ...KEY,
    id,
    rotationStatus: "current",
    encryptedSecret: edek(`${id}`).toString("base64"),
    created: "2024-05-01T10:00:00.000Z",
    updated: "2024-05-02T10:00:00.000Z",
  };
}

function aStore() {
  const folder = aFolder((it) => ({
    version: 1,
    kmsConfigurations: [
      localConfiguration(1, { keyFiles: [it.key("first.key")] }),
      localConfiguration(2, { keyFiles: [it.key("second.key")] }),
    ],
    tenants: [{ id: "acme", configurations: [primary(1)] }],
  }));
  const { secrets, store } = secretsIn(folder);
  const imports = (content: unknown) =>
    secrets("import", folder.write("secrets.json", JSON.stringify(content)));
  return { folder, secrets, imports, store };
}
