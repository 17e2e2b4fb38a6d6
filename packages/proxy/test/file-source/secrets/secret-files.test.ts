import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { createFileSource } from "../../../src/file-source/source.ts";
import { TestFolder } from "../helpers.ts";
import { edek, folderOf, KEY, secretFolders, subject } from "./helpers.ts";

describe("a damaged file", () => {
  it.for([
    ["empty", ""],
    ["cut", '{"id": 1, "tenantId": "acme", "sEcReT'],
    ["a list", "[]"],
    ["binary", Buffer.from([0xff, 0xfe, 0x00])],
    ["without a member", change({ encryptedSecret: undefined })],
    ["without base64", change({ encryptedSecret: "sEcReT!" })],
    ["with another status", change({ rotationStatus: "archived" })],
    ["of another tenant", change({ tenantId: "globex" })],
    ["of an unknown type", change({ secretType: "sEcReT" })],
    ["with the id 0", change({ id: 0 })],
    ["with a text as id", change({ id: "1" })],
    ["with an id above 32 bits", change({ id: 2 ** 32 })],
    ["too large", "x".repeat(1024 * 1024 + 1)],
  ] as const)("that is %s is named, and no other is concerned", async ([, content]) => {
    const { store, again, folder } = subject();
    await store.create(KEY, edek(1));
    const other = { ...KEY, secretPath: "other" };
    await store.create(other, edek(2));
    const file = join(folderOf(folder), "00000001.current.json");
    const bad = typeof content === "function" ? content(readFileSync(file, "utf8")) : content;
    writeFileSync(file, bad);

    const attempts = [again().find(KEY), again().create(KEY, edek(3)), again().rotate(KEY)];
    const refusal = {
      status: "rejected",
      reason: expect.objectContaining({
        status: "UNKNOWN_ERROR",
        message: expect.stringMatching(
          /^The stored tenant secret [0-9a-f]{64}\/00000001\.current\.json cannot be used: (?!.*sEc)/,
        ),
      }),
    };
    expect(await Promise.allSettled(attempts)).toEqual([refusal, refusal, refusal]);
    expect(await again().find(other)).toHaveLength(1);
    const { secrets, problems } = await again().list();
    expect(secrets).toHaveLength(1);
    expect(problems).toEqual([expect.stringContaining("00000001.current.json")]);
  });

  it("that was moved to another path does not give that path its secret", async () => {
    const { store, again, folder } = subject();
    await store.create(KEY, edek(1));
    const other = { ...KEY, tenantId: "globex" };
    await store.create(other, edek(2));
    const [first = "", second = ""] = secretFolders(folder);
    execFileSync("mv", [
      join(first, "00000001.current.json"),
      join(second, "00000001.current.json"),
    ]);

    const found = await Promise.allSettled([again().find(KEY), again().find(other)]);
    expect(found.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  });

  it("that is no secret at all is passed over", async () => {
    const { store, again, folder } = subject();
    await store.create(KEY, edek(1));
    for (const name of ["notes.txt", "1.current.json", "00000001.current.json~", "tmp"]) {
      writeFileSync(join(folderOf(folder), name), "x");
    }
    folder.write("tenant-secrets/README", "x");

    expect(await again().find(KEY)).toHaveLength(1);
    expect((await again().list()).problems).toEqual([]);
  });
});

describe("the folder", () => {
  it("and its files are for their owner alone", async () => {
    const { store, folder } = subject();
    await store.create(KEY, edek(1));
    await store.rotate(KEY);
    expect(modeOf(folder.file("tenant-secrets"))).toBe(0o700);
    for (const path of [folderOf(folder), folder.file("tenant-secrets/ids")]) {
      expect(modeOf(path)).toBe(0o700);
      expect(readdirSync(path).map((name) => modeOf(join(path, name)))).toSatisfy(
        (modes: readonly number[]) => modes.every((mode) => mode === 0o600),
      );
    }
  });

  it("keeps no drafts, and loses old ones of processes that died", async () => {
    const { store, folder } = subject();
    const old = folder.write("tenant-secrets/tmp/old", '{"half": ');
    const young = folder.write("tenant-secrets/tmp/young", '{"half": ');
    const longAgo = Date.now() / 1_000 - 7_200;
    utimesSync(old, longAgo, longAgo);

    await store.create(KEY, edek(1));

    expect(readdirSync(dirname(young))).toEqual(["young"]);
    expect(await store.find(KEY)).toHaveLength(1);
  });

  it("that cannot be written is a clear refusal", async () => {
    const { store, folder } = subject();
    folder.write("tenant-secrets", "not a folder");

    expect(await store.find(KEY)).toEqual([]);
    await expect(store.create(KEY, edek(1))).rejects.toMatchObject({
      status: "SECRET_CREATION_FAILED",
      message: expect.stringMatching(
        /could not be stored \((ENOTDIR|EEXIST)\)\. The folder tenant-secrets next to the config/,
      ),
    });
  });

  it.runIf(process.getuid?.() !== 0)(
    "that is read-only is a clear refusal, until it is not",
    async () => {
      const { store, folder } = subject();
      mkdirSync(folder.file("tenant-secrets"), { mode: 0o500 });
      await expect(store.create(KEY, edek(1))).rejects.toThrow("could not be stored (EACCES)");

      chmodSync(folder.file("tenant-secrets"), 0o700);
      expect((await store.create(KEY, edek(1))).id).toBe(1);
    },
  );

  it("is next to the configuration file", async () => {
    const folder = new TestFolder();
    const { secrets } = createFileSource({ file: folder.file("deep/config.yaml"), env: {} });
    await secrets.create(KEY, edek(1));

    expect(readdirSync(folder.file("deep"))).toEqual(["tenant-secrets"]);
  });
});

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

/** Changes members of a stored secret. */
function change(members: object): (content: string) => string {
  return (content) => JSON.stringify({ ...JSON.parse(content), ...members });
}
