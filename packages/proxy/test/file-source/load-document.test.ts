import { describe, expect, it } from "vitest";
import { unpackPaths } from "../../src/file-source/file-list.ts";
import { statesNow, statesOf } from "../../src/file-source/file-states.ts";
import { loadDocument, type LoadEnvironment } from "../../src/file-source/load-document.ts";
import type { BuiltDocument, KnownDocument, LoadOutcome } from "../../src/file-source/load-job.ts";
import { ImageSnapshot } from "../../src/tenants/image/image-snapshot.ts";
import { document, gcp, local, tenant, TestFolder } from "./helpers.ts";

describe("loading a document", () => {
  it("joins what was read, and knows every configuration, also those nobody uses", async () => {
    const folder = new TestFolder();
    const text = document([local(1), gcp(2), gcp(3, { type: "X" })], [tenant("a", 1)]);
    const snapshot = snapshotOf(await built(folder, text));

    expect([...snapshot.configurations()].map(({ id }) => id)).toEqual([1, 2, 3]);
    expect([...snapshot.configurations()][2]).toEqual({
      usable: false,
      id: 3,
      reason: expect.stringContaining("type: expected one of"),
    });
    expect(snapshot.tenants.get("a")?.assignments[0]?.configuration.id).toBe(1);
  });

  it("looks at each file once, after somebody began to watch it", async () => {
    const folder = new TestFolder();
    folder.key("shared");
    const keys = { credentials: { keys: [{ version: 1, key: { fromFile: "shared" } }] } };
    const steps: (readonly [string, readonly string[]])[] = [];
    const { files } = await built(folder, document([local(1, keys), local(2, keys)], []), {
      watch: async (paths) => void steps.push(["watch", paths]),
      look: (paths) => {
        steps.push(["look", paths]);
        return statesNow(paths);
      },
    });
    const shared = [folder.file("shared")];

    expect(steps).toEqual([
      ["watch", shared],
      ["look", shared],
    ]);
    expect(unpackPaths(files)).toEqual(shared);
  });

  it("names files that are not there beside what the document says", async () => {
    const folder = new TestFolder();
    const text = document([local(7, { note: "x" })], []);
    const { problems, documentProblems } = await built(folder, text);

    expect(documentProblems).toEqual([expect.stringContaining("note: unknown field, ignored")]);
    expect(problems).toEqual([
      ...documentProblems,
      `c.yaml: KMS configuration 7: the file "${folder.file("key-7")}": it cannot be read (ENOENT)`,
    ]);
  });

  it("names a thousand missing files and counts the others", async () => {
    const folder = new TestFolder();
    const ids = Array.from({ length: 1_030 }, (_, index) => index + 1);
    const text = document(
      ids.map((id) => local(id)),
      [],
    );
    const { problems } = await built(folder, text);

    expect(problems).toHaveLength(1_001);
    expect(problems.at(-1)).toBe("c.yaml: and 30 more files");
  });

  it("gives a configuration without files the fingerprint of the document", async () => {
    const folder = new TestFolder();
    const [plain, withFile] = await fingerprints(folder, document([gcp(1), local(2)], []));

    expect(plain).toMatch(/^[\w-]{22}$/);
    expect(withFile).toMatch(/^[\w-]{22}\.[\w-]{22}$/);
  });

  it("keeps the fingerprints of what did not change", async () => {
    const folder = new TestFolder();
    folder.key("key-1");
    const before = await fingerprints(folder, document([local(1), gcp(2)], []));
    const after = await fingerprints(folder, document([gcp(2), local(1)], [tenant("a", 1)]));

    expect(after.toReversed()).toEqual(before);
  });

  it.for([
    ["the key path", local(1, { keyPath: { keyName: "other" } })],
    ["the type", gcp(1)],
    [
      "a file's name",
      local(1, { credentials: { keys: [{ version: 1, key: { fromFile: "k" } }] } }),
    ],
  ] as const)("gives another fingerprint to what differs in %s", async ([, changed]) => {
    const folder = new TestFolder();
    const [before] = await fingerprints(folder, document([local(1)], []));
    const [after] = await fingerprints(folder, document([changed], []));

    expect(after).not.toBe(before);
  });

  it.for([
    ["here", statesOf],
    ["in a thread", statesNow],
  ] as const)("finds files the same %s", async ([, look]) => {
    const folder = new TestFolder();
    folder.key("key-1");
    folder.write("key-2", "x".repeat(65_537));
    folder.write("key-3/inside", "");
    const text = document([local(1), local(2), local(3), local(4)], []);

    expect(await built(folder, text, { ...QUIET, look })).toMatchObject({
      problems: [
        expect.stringContaining('key-2": it is larger than 64 KiB'),
        expect.stringContaining('key-3": it is not a regular file'),
        expect.stringContaining('key-4": it cannot be read (ENOENT)'),
      ],
      states: (await built(folder, text)).states,
    });
  });
});

describe("loading a document again", () => {
  it("builds nothing while neither it nor its files changed", async () => {
    const folder = new TestFolder();
    folder.key("key-1");
    const text = document([local(1)], [tenant("a", 1)]);
    const known = await built(folder, text);

    const again = await load(folder, text, { ...QUIET, watch: () => Promise.reject() }, known);

    expect(again).toEqual({ kind: "unchanged" });
  });

  it("builds anew for another text, and for a file that changed", async () => {
    const folder = new TestFolder();
    folder.key("key-1");
    const text = document([local(1)], [tenant("a", 1)]);
    const known = await built(folder, text);

    expect(await load(folder, `${text} `, QUIET, known)).toMatchObject({ kind: "built" });
    folder.key("key-1");
    expect(await load(folder, text, QUIET, known)).toMatchObject({ kind: "built" });
  });
});

const QUIET: LoadEnvironment = { watch: async () => {}, look: statesOf };

function load(
  folder: TestFolder,
  text: string,
  env: LoadEnvironment,
  known?: KnownDocument,
): Promise<LoadOutcome> {
  const options = { file: "c.yaml", folder: folder.path, fingerprintKey: new Uint8Array(32) };
  return loadDocument({ bytes: Buffer.from(text), options, known }, env);
}

async function built(folder: TestFolder, text: string, env = QUIET): Promise<BuiltDocument> {
  const outcome = await load(folder, text, env);
  if (outcome.kind !== "built") throw new TypeError(outcome.kind);
  return outcome.document;
}

function snapshotOf({ image, problems }: BuiltDocument): ImageSnapshot {
  return new ImageSnapshot({ image, problems, open: async () => ({}) });
}

async function fingerprints(folder: TestFolder, text: string): Promise<readonly string[]> {
  const snapshot = snapshotOf(await built(folder, text));
  return [...snapshot.configurations()].map((each) => (each.usable ? each.fingerprint : ""));
}
