import { renameSync, rmSync, symlinkSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import { PathWatcher } from "../../src/file-source/path-watcher.ts";
import { createFileSource } from "../../src/file-source/source.ts";
import { document, local, signal, tenant, TestFolder } from "./helpers.ts";

const PATIENT = { timeout: 30_000, interval: 10 };

describe("watching files", () => {
  it.for([
    ["is written", (folder: TestFolder) => folder.write("config", "new")],
    ["is replaced", (folder: TestFolder) => folder.replace("config", "new")],
    ["is removed", (folder: TestFolder) => rmSync(folder.file("config"))],
    ["appears", (folder: TestFolder) => folder.write("later", "new")],
    ["is another one that matters", (folder: TestFolder) => folder.replace("keys/secret", "new")],
  ] as const)("tells when one %s", async ([, change]) => {
    const { folder, watch } = subject();
    const told = await watch("config", "later", "keys/secret");

    change(folder);

    await expect.poll(() => told.times, PATIENT).toBeGreaterThan(0);
  });

  it("tells when Kubernetes swaps the folder behind the links", async () => {
    const { folder, watch } = subject();
    folder.write("..v1/config", "old");
    folder.write("..v2/config", "new");
    symlinkSync("..v1", folder.file("..data"));
    rmSync(folder.file("config"));
    symlinkSync("..data/config", folder.file("config"));
    const told = await watch("config");

    symlinkSync("..v2", folder.file("..data_tmp"));
    renameSync(folder.file("..data_tmp"), folder.file("..data"));

    await expect.poll(() => told.times, PATIENT).toBeGreaterThan(0);
  });

  it("tells when the file at the other end of a link changes", async () => {
    const { folder, watch } = subject();
    folder.write("real/other-name", "old");
    symlinkSync("real/other-name", folder.file("linked"));
    const told = await watch("linked");

    folder.replace("real/other-name", "new");

    await expect.poll(() => told.times, PATIENT).toBeGreaterThan(0);
  });

  it("tells again after each change, even of a file that was replaced before", async () => {
    const { folder, watch } = subject();
    const told = await watch("config");

    for (let round = 1; round <= 3; round += 1) {
      const before = told.times;
      folder.replace("config", `${round}`);
      await expect.poll(() => told.times, PATIENT).toBeGreaterThan(before);
    }
  });

  it("tells of a burst of changes a few times only", async () => {
    const { folder, watch } = subject();
    const told = await watch("config");

    for (let change = 0; change < 500; change += 1) folder.write("config", `${change}`);
    await expect.poll(() => told.times, PATIENT).toBeGreaterThan(0);
    await quiet();

    expect(told.times).toBeLessThan(20);
  });

  it("does not tell of other files in the same folder", async () => {
    const { folder, watch } = subject();
    const told = await watch("config");

    folder.write("proxy.log", "line");
    folder.write("tenant-secrets/ids/1", "");
    await quiet();

    expect(told.times).toBe(0);
  });

  it("finds a folder again that was replaced, at the next update", async () => {
    const { folder, watcher, watch } = subject();
    const files = [folder.file("keys/secret")];
    const told = await watch("keys/secret");

    renameSync(folder.file("keys"), folder.file("old"));
    folder.write("keys/secret", "new");
    await watcher.update(files);
    await quiet();
    const before = told.times;
    folder.replace("keys/secret", "newer");

    await expect.poll(() => told.times, PATIENT).toBeGreaterThan(before);
  });

  it("tells when a folder is gone", async () => {
    const { folder, watch } = subject();
    const told = await watch("keys/secret");

    renameSync(folder.file("keys"), folder.file("old"));

    await expect.poll(() => told.times, PATIENT).toBeGreaterThan(0);
  });

  it("does without what cannot be watched", async () => {
    const { folder, watch } = subject();
    const told = await watch("no/such/folder/file", "config");

    folder.replace("config", "new");

    await expect.poll(() => told.times, PATIENT).toBeGreaterThan(0);
  });

  it("watches the first folders of a great many", async () => {
    const { folder, watcher } = subject();
    const files = Array.from({ length: 200 }, (_, index) =>
      folder.write(`folder-${index}/secret`, "x"),
    );

    await watcher.update(files);
    await watcher.update([]);
    await expect(watcher.update(files)).resolves.toBeUndefined();
  });

  it("ends when it is closed, also in the middle of an update", async () => {
    const { folder, watcher, watch } = subject();
    const told = await watch("config");
    const updating = watcher.update([folder.file("config"), folder.file("keys/secret")]);

    folder.replace("config", "new");
    watcher.close();
    await updating;
    folder.replace("config", "newer");
    folder.replace("keys/secret", "new");
    await quiet();

    expect(told.times).toBe(0);
  });
});

describe("a source that is watched", () => {
  it("tells of a new configuration and of a new secret until nobody listens", async () => {
    const folder = new TestFolder();
    folder.key("keys/one");
    const keys = { credentials: { keys: [{ version: 1, key: { fromFile: "keys/one" } }] } };
    const file = folder.write("config", document([local(1, keys)], [tenant("acme", 1)]));
    const source = createFileSource({ file, env: {} });
    let told = 0;
    const unwatch = source.watch(() => (told += 1));
    onTestFinished(unwatch);
    let snapshot = await source.load(signal());

    folder.replace("config", document([local(1, keys)], [tenant("globex", 1)]));
    await expect.poll(() => told, PATIENT).toBeGreaterThan(0);
    snapshot = await source.load(signal());
    expect([...snapshot.tenants.keys()]).toEqual(["globex"]);

    const before = told;
    folder.key("keys/one");
    await expect.poll(() => told, PATIENT).toBeGreaterThan(before);
    expect(await source.load(signal())).not.toBe(snapshot);

    unwatch();
    const last = told;
    folder.replace("config", document([], []));
    await quiet();
    expect(told).toBe(last);
  });
});

function subject() {
  const folder = new TestFolder();
  folder.write("config", "old");
  folder.write("keys/secret", "old");
  const told = { times: 0 };
  const watcher = new PathWatcher(() => (told.times += 1));
  onTestFinished(() => watcher.close());
  const watch = async (...names: readonly string[]): Promise<{ times: number }> => {
    await watcher.update(names.map((name) => folder.file(name)));
    return told;
  };
  return { folder, watcher, watch };
}

/** Longer than a change may take to be told. */
async function quiet(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 600));
}
