import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ProxyError } from "../../src/errors.ts";
import { FileSourceError } from "../../src/file-source/file-source-error.ts";
import { createFileSource, type FileSource } from "../../src/file-source/source.ts";
import { configurationFor, primaryOf, tenantOf } from "../../src/tenants/select.ts";
import type { Snapshot } from "../../src/tenants/source.ts";
import type { KmsConfiguration } from "../../src/tenants/tenant.ts";
import { document, gcp, local, shownTenant, signal, tenant, TestFolder } from "./helpers.ts";

describe("a configuration file", () => {
  it("yields tenants that wrap, with credentials opened when somebody asks", async () => {
    const { source, folder } = subject(document([local(1)], [tenant("acme", 1)]));
    const configuration = wraps(await source.load(signal()), "acme");
    folder.write("key-1", "c2VjcmV0\n");

    expect(configuration).toMatchObject({
      usable: true,
      id: 1,
      type: "LOCAL",
      keyPath: { keyName: "key-1" },
      leasingAllowed: false,
    });
    expect(await configuration.openCredentials()).toEqual({
      keys: [{ version: 1, key: "c2VjcmV0" }],
    });
  });

  it("keeps one configuration that cannot be used away from the others", async () => {
    const { source } = subject(
      document([local(1), gcp(2, { type: "CYBERARK" }), null], [tenant("a", 1), tenant("b", 2)]),
    );
    const snapshot = await source.load(signal());

    expect(wraps(snapshot, "a").id).toBe(1);
    expect(() => wraps(snapshot, "b")).toThrow(
      "KMS configuration 2 cannot be used: type: expected one of AWS, GCP",
    );
    expect(() => configurationFor(tenantOf(snapshot, "b"), 2)).toThrow(ProxyError);
    expect(snapshot.problems.slice(0, 2)).toEqual([
      expect.stringContaining("KMS configuration 2 is left out"),
      expect.stringContaining("kmsConfigurations[2]: left out"),
    ]);
  });

  it("answers 207 for credentials that are not there, until they are", async () => {
    const { source, folder } = subject(document([local(1)], [tenant("acme", 1)]));
    const snapshot = await source.load(signal());
    const configuration = wraps(snapshot, "acme");

    expect(snapshot.problems).toEqual([
      expect.stringMatching(
        /KMS configuration 1: the file ".*key-1": it cannot be read \(ENOENT\)/,
      ),
    ]);
    await expect(configuration.openCredentials()).rejects.toMatchObject({
      status: "KMS_CONFIGURATION_INVALID",
      message: "KMS configuration 1 (LOCAL) cannot be used: credentials.keys[0].key cannot be read",
      fullMessage: expect.stringMatching(
        /: the file "key-1" cannot be used: it cannot be read \(ENOENT\)$/,
      ),
    });
    folder.key("key-1");
    expect(await configuration.openCredentials()).toHaveProperty("keys");
  });

  it("may be named by a link", async () => {
    const { folder } = subject(document([local(1)], [tenant("acme", 1)]));
    mkdirSync(folder.file("mount"));
    folder.key("mount/key-1");
    symlinkSync("../config", folder.file("mount/linked"));
    const source = createFileSource({ file: folder.file("mount/linked"), env: {} });

    const configuration = wraps(await source.load(signal()), "acme");

    expect(await configuration.openCredentials()).toHaveProperty("keys");
  });

  it.for([
    ["a duplicate id", document([local(1), local(1)], []), "is there twice"],
    ["a dangling reference", document([], [tenant("acme", 9)]), "there is no KMS configuration 9"],
    ["half a document", document([local(1)], []).slice(0, 60), "unexpected end of the stream"],
    ["nothing in it", "", "the file is empty"],
  ] as const)("is refused with %s", async ([, text, message]) => {
    const { source, folder } = subject(text);

    const error = await source.load(signal()).catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(FileSourceError);
    expect(String(error)).toContain(message);
    expect(String(error)).toContain(folder.file("config"));
  });

  it("is refused when it is missing, no file, or larger than 64 MiB", async () => {
    const { folder } = subject("");
    execFileSync("mkfifo", [folder.file("pipe")]);
    truncateSync(folder.write("large", ""), 64 * 1024 * 1024 + 1);

    for (const [name, reason] of [
      ["gone", "it cannot be read (ENOENT)"],
      ["pipe", "it is not a regular file"],
      [".", "it is not a regular file"],
      ["large", "it is larger than 65536 KiB"],
    ] as const) {
      const file = folder.file(name);
      await expect(createFileSource({ file, env: {} }).load(signal())).rejects.toMatchObject({
        mistakes: [`${file}: ${reason}`],
      });
    }
  });

  it("is shown under the name that the operator gave it", async () => {
    const file = join(subject("version: 2\n").folder.path, "..", "gone.yaml");
    await expect(createFileSource({ file, env: {} }).load(signal())).rejects.toThrow(
      `${file}: it cannot be read (ENOENT)`,
    );
  });
});

describe("reading it again", () => {
  it("gives the same snapshot while nothing changes", async () => {
    const { source, folder } = subject(document([local(1)], [tenant("acme", 1)]));
    folder.key("key-1");
    const first = await source.load(signal());

    expect(await source.load(signal())).toBe(first);
    folder.replace("config", document([local(1)], [tenant("acme", 1)]));
    expect(await source.load(signal())).toBe(first);
  });

  it("gives the new content, and what did not change as it was", async () => {
    const { source, folder } = subject(
      document([local(1), local(2)], [tenant("a", 1), tenant("b", 2)]),
    );
    for (const name of ["key-1", "key-2"]) folder.key(name);
    const before = await source.load(signal());

    const changed = local(2, { leasingAllowed: true });
    folder.replace("config", document([local(1), changed], [tenant("a", 1), tenant("b", 2)]));
    const after = await source.load(signal());

    expect(after).not.toBe(before);
    expect(shownTenant(after, "a")).toEqual(shownTenant(before, "a"));
    expect(wraps(before, "b").leasingAllowed).toBe(false);
    expect(wraps(after, "b").leasingAllowed).toBe(true);
    expect(wraps(after, "b").fingerprint).toBe(wraps(before, "b").fingerprint);
  });

  it("gives another fingerprint to what a driver is built from", async () => {
    const { source, folder } = subject(document([gcp(1)], [tenant("a", 1)]));
    const before = await source.load(signal());
    folder.replace(
      "config",
      document(
        [gcp(1, { credentials: { client_email: "x@y", private_key: "NEW" } })],
        [tenant("a", 1)],
      ),
    );
    const after = await source.load(signal());

    expect(wraps(after, "a").fingerprint).not.toBe(wraps(before, "a").fingerprint);
  });

  it("notices a secret that was replaced, for its configuration alone", async () => {
    const { source, folder } = subject(
      document([local(1), local(2)], [tenant("a", 1), tenant("b", 2)]),
    );
    for (const name of ["key-1", "key-2"]) folder.key(name);
    const before = await source.load(signal());

    folder.replace("key-2", "bmV3\n");
    const after = await source.load(signal());

    expect(after).not.toBe(before);
    expect(shownTenant(after, "a")).toEqual(shownTenant(before, "a"));
    expect(wraps(after, "b").fingerprint).not.toBe(wraps(before, "b").fingerprint);
    expect(await wraps(after, "b").openCredentials()).toEqual({
      keys: [{ version: 1, key: "bmV3" }],
    });
    expect(await source.load(signal())).toBe(after);
  });

  it("gives back a configuration that was put right, and one that went wrong", async () => {
    const broken = local(1, { keyPath: null });
    const { source, folder } = subject(document([broken], [tenant("a", 1)]));
    const first = await source.load(signal());
    folder.replace("config", document([local(1)], [tenant("a", 1)]));
    const second = await source.load(signal());
    folder.replace("config", document([broken], [tenant("a", 1), tenant("b", 1)]));
    const third = await source.load(signal());

    expect(() => wraps(first, "a")).toThrow("keyPath: expected an object");
    expect(wraps(second, "a").id).toBe(1);
    expect(() => wraps(third, "a")).toThrow("keyPath: expected an object");
  });

  it("rejects for a bad file and goes on as soon as it is good", async () => {
    const good = document([local(1)], [tenant("acme", 1)]);
    const { source, folder } = subject(good);
    const before = await source.load(signal());

    folder.replace("config", `${good}}`);
    await expect(source.load(signal())).rejects.toThrow(FileSourceError);
    folder.replace("config", good);

    expect(await source.load(signal())).toBe(before);
  });
});

describe("a long configuration file", () => {
  const many = Array.from({ length: 1_500 }, (_, index) => index + 1);
  const configurations = many.map((id) => (id === 700 ? gcp(id, { type: "X" }) : gcp(id)));
  const tenants = many.map((id) => tenant(`tenant-${id}`, id));

  it("is read like a short one", async () => {
    const text = document(configurations, tenants);
    expect(text.length).toBeGreaterThan(64 * 1024);
    const { source } = subject(text);

    const snapshot = await source.load(signal());

    expect(snapshot.tenants.size).toBe(1_500);
    expect(wraps(snapshot, "tenant-1500")).toMatchObject({ id: 1_500, type: "GCP" });
    expect(() => wraps(snapshot, "tenant-700")).toThrow("KMS configuration 700 cannot be used");
    expect(snapshot.problems).toEqual([
      expect.stringContaining("KMS configuration 700 is left out"),
    ]);
    expect(await source.load(signal())).toBe(snapshot);
  });

  it("gives the same fingerprints as a short one with the same entries", async () => {
    const { source, folder } = subject(document(configurations, tenants));
    const long = await source.load(signal());
    folder.replace("config", document([gcp(5)], [tenant("tenant-5", 5)]));
    const short = await source.load(signal());

    expect(shownTenant(short, "tenant-5")).toEqual(shownTenant(long, "tenant-5"));
  });

  it("is refused like a short one", async () => {
    const { source } = subject(document(configurations, [...tenants, tenant("tenant-1", 1)]));
    await expect(source.load(signal())).rejects.toMatchObject({
      mistakes: [expect.stringContaining('tenants[1500].id: the tenant "tenant-1" is there twice')],
    });
  });

  it("lets requests through while it is read", async () => {
    const { source } = subject(document(configurations, tenants));
    let turns = 0;
    const turn = setInterval(() => (turns += 1), 1);
    await source.load(signal()).finally(() => clearInterval(turn));

    expect(turns).toBeGreaterThan(5);
  });

  it("is given up when the signal fires", async () => {
    const { source } = subject(document(configurations, tenants));
    const stopping = new AbortController();
    const loading = source.load(stopping.signal);
    const stopped = new Error("stopping");
    setTimeout(() => stopping.abort(stopped), 5);

    await expect(loading).rejects.toBe(stopped);
    await expect(source.load(AbortSignal.abort(stopped))).rejects.toBe(stopped);
    expect((await source.load(signal())).tenants.size).toBe(1_500);
  });
});

function subject(text: string): { folder: TestFolder; source: FileSource } {
  const folder = new TestFolder();
  const file = folder.write("config", text);
  return { folder, source: createFileSource({ file, env: {} }) };
}

function wraps(snapshot: Snapshot, tenantId: string): KmsConfiguration {
  return primaryOf(tenantOf(snapshot, tenantId));
}
