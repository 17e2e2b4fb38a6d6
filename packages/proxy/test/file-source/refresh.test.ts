import { rmSync, writeFileSync } from "node:fs";
import { describe, expect, it, onTestFinished } from "vitest";
import { createFileSource } from "../../src/file-source/source.ts";
import { SnapshotRefresher } from "../../src/tenants/refresher.ts";
import { primaryOf, tenantOf } from "../../src/tenants/select.ts";
import { document, local, tenant, TestFolder } from "./helpers.ts";

const PATIENT = { timeout: 30_000, interval: 10 };

describe("tenants while the configuration file changes", () => {
  it("follow it without anybody asking", async () => {
    const { folder, refresher } = await started();

    folder.replace("config", document([local(1)], [tenant("acme", 1), tenant("globex", 1)]));

    await expect.poll(() => ids(refresher), PATIENT).toEqual(["acme", "globex"]);
  });

  it("stay as they are while it is broken, and follow it again afterwards", async () => {
    const { folder, refresher, failures } = await started();

    folder.replace("config", document([local(1), local(1)], []));
    await expect.poll(() => failures.length, PATIENT).toBeGreaterThan(0);
    expect(String(failures[0])).toContain("the KMS configuration 1 is there twice");
    expect(ids(refresher)).toEqual(["acme"]);
    expect(refresher.ready).toBe(true);

    folder.replace("config", document([local(1)], [tenant("globex", 1)]));
    await expect.poll(() => ids(refresher), PATIENT).toEqual(["globex"]);
  });

  it("survive that it is removed and comes back", async () => {
    const { folder, refresher, failures } = await started();

    rmSync(folder.file("config"));
    await expect.poll(() => failures.length, PATIENT).toBeGreaterThan(0);
    expect(ids(refresher)).toEqual(["acme"]);

    folder.write("config", document([local(1)], [tenant("globex", 1)]));
    await expect.poll(() => ids(refresher), PATIENT).toEqual(["globex"]);
  });

  it("survive that it is written in two halves", async () => {
    const { folder, refresher } = await started();
    const text = document([local(1)], [tenant("globex", 1)]);

    writeFileSync(folder.file("config"), text.slice(0, 100));
    await new Promise((resolve) => setTimeout(resolve, 200));
    writeFileSync(folder.file("config"), text.slice(100), { flag: "a" });

    await expect.poll(() => ids(refresher), PATIENT).toEqual(["globex"]);
  });

  it("get new credentials when a secret is rotated", async () => {
    const { folder, refresher } = await started();
    const before = wraps(refresher);
    const old = await before.openCredentials();

    folder.key("key-1");

    await expect.poll(() => wraps(refresher).fingerprint, PATIENT).not.toBe(before.fingerprint);
    expect(await wraps(refresher).openCredentials()).not.toEqual(old);
  });

  it("keep one snapshot from the beginning of a request to its end", async () => {
    const { folder, refresher } = await started();
    const snapshot = refresher.current();

    folder.replace("config", document([local(1, { type: "X" })], [tenant("globex", 1)]));
    await expect.poll(() => ids(refresher), PATIENT).toEqual(["globex"]);

    expect([...snapshot.tenants.keys()]).toEqual(["acme"]);
    expect(primaryOf(tenantOf(snapshot, "acme")).id).toBe(1);
  });
});

async function started() {
  const folder = new TestFolder();
  folder.key("key-1");
  const file = folder.write("config", document([local(1)], [tenant("acme", 1)]));
  const failures: unknown[] = [];
  const refresher = new SnapshotRefresher({
    source: createFileSource({ file, env: {} }),
    onFailure: (error) => failures.push(error),
  });
  onTestFinished(() => refresher.close());
  await refresher.start();
  return { folder, refresher, failures };
}

function ids(refresher: SnapshotRefresher): readonly string[] {
  return [...refresher.current().tenants.keys()];
}

function wraps(refresher: SnapshotRefresher) {
  return primaryOf(tenantOf(refresher.current(), "acme"));
}
