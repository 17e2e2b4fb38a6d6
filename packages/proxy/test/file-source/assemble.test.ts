import { describe, expect, it } from "vitest";
import { assemble, type Assembled, type ModelParts } from "../../src/file-source/assemble.ts";
import { parseDocument } from "../../src/file-source/document/parse.ts";
import { tenantOf } from "../../src/tenants/select.ts";
import { document, gcp, local, tenant, TestFolder } from "./helpers.ts";

describe("putting a snapshot together", () => {
  it("joins what was read, and knows every configuration, also those nobody uses", async () => {
    const folder = new TestFolder();
    const made = await from(folder, [local(1), gcp(2), gcp(3, { type: "X" })], [tenant("a", 1)]);

    expect([...made.configurations.keys()]).toEqual([1, 2, 3]);
    expect(made.configurations.get(3)).toEqual({
      usable: false,
      id: 3,
      reason: expect.stringContaining("type: expected one of"),
    });
    expect(tenantOf(made.snapshot, "a").assignments[0]?.configuration).toBe(
      made.configurations.get(1),
    );
  });

  it("looks at each file once, after somebody began to watch it", async () => {
    const folder = new TestFolder();
    folder.key("shared");
    const keys = { credentials: { keys: [{ version: 1, key: { fromFile: "shared" } }] } };
    const watched: (readonly string[])[] = [];
    const made = await from(folder, [local(1, keys), local(2, keys)], [], {
      beforeLooking: async (files) => {
        watched.push(files);
        folder.write("shared", "changed in between");
      },
    });

    expect(watched).toEqual([[folder.file("shared")]]);
    expect(made.files).toEqual([folder.file("shared")]);
    expect(made.states.get(folder.file("shared"))?.signature).toContain(":18:");
  });

  it("names files that are not there beside what the document says", async () => {
    const folder = new TestFolder();
    const { snapshot, documentProblems } = await from(folder, [local(7, { note: "x" })], []);

    expect(documentProblems).toEqual([expect.stringContaining("note: unknown field, ignored")]);
    expect(snapshot.problems).toEqual([
      ...documentProblems,
      `c.yaml: KMS configuration 7: the file "${folder.file("key-7")}": it cannot be read (ENOENT)`,
    ]);
  });

  it("names a thousand missing files and counts the others", async () => {
    const folder = new TestFolder();
    const ids = Array.from({ length: 1_030 }, (_, index) => index + 1);
    const { snapshot } = await from(
      folder,
      ids.map((id) => local(id)),
      [],
    );

    expect(snapshot.problems).toHaveLength(1_001);
    expect(snapshot.problems.at(-1)).toBe("c.yaml: and 30 more files");
  });

  it("takes over what did not change", async () => {
    const folder = new TestFolder();
    folder.key("key-1");
    const broken = gcp(2, { type: "X" });
    const tenants = [tenant("a", 1), tenant("b", 2)];
    const before = await from(folder, [local(1), broken], tenants);
    const after = await from(folder, [local(1), broken], tenants, { previous: before });

    expect(after.configurations.get(1)).toBe(before.configurations.get(1));
    expect(after.configurations.get(2)).toBe(before.configurations.get(2));
    expect(after.snapshot.tenants.get("a")).toBe(before.snapshot.tenants.get("a"));
    expect(after.snapshot.tenants.get("b")).toBe(before.snapshot.tenants.get("b"));
  });

  it.for([
    ["leasing", local(1, { leasingAllowed: true })],
    ["the key path", local(1, { keyPath: { keyName: "other" } })],
    ["the type", gcp(1)],
    ["whether it can be used", local(1, { keyPath: null })],
  ] as const)("does not take over a configuration that differs in %s", async ([, changed]) => {
    const folder = new TestFolder();
    const before = await from(folder, [local(1)], [tenant("a", 1)]);
    const after = await from(folder, [changed], [tenant("a", 1)], { previous: before });

    expect(after.configurations.get(1)).not.toBe(before.configurations.get(1));
    expect(after.snapshot.tenants.get("a")).not.toBe(before.snapshot.tenants.get("a"));
  });

  it("tells a configuration that is broken in another way from the one before", async () => {
    const folder = new TestFolder();
    const before = await from(folder, [gcp(1, { type: "X" })], []);
    const after = await from(folder, [gcp(1, { type: "Y" })], [], { previous: before });

    expect(after.configurations.get(1)).toMatchObject({ reason: expect.stringContaining('"Y"') });
  });

  it("gives a configuration without files the fingerprint of the document", async () => {
    const folder = new TestFolder();
    const { configurations } = await from(folder, [gcp(1), local(2)], []);
    const [plain, withFile] = [...configurations.values()].map((each) =>
      each.usable ? each.fingerprint : "",
    );

    expect(plain).toMatch(/^[\w-]{22}$/);
    expect(withFile).toMatch(/^[\w-]{22}\.[\w-]{22}$/);
  });
});

interface Change {
  readonly previous?: Assembled;
  readonly beforeLooking?: (files: readonly string[]) => Promise<void>;
}

function from(
  folder: TestFolder,
  configurations: readonly object[],
  tenants: readonly object[],
  { previous, beforeLooking = async () => {} }: Change = {},
): Promise<Assembled> {
  const base = { folder: folder.path, env: {} };
  return assemble(partsOf(document(configurations, tenants)), {
    file: "c.yaml",
    base,
    previous,
    beforeLooking,
  });
}

function partsOf(text: string): ModelParts {
  const options = { file: "c.yaml", fingerprintKey: new Uint8Array(32) };
  const { model, mistakes } = parseDocument(Buffer.from(text), options);
  if (!model) throw new TypeError(mistakes.join("\n"));
  const { configurations, tenants, problems } = model;
  return { configurations: [...configurations], tenants: [...tenants], problems: [...problems] };
}
