import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  claim,
  errorCode,
  makeFolder,
  namesIn,
  publish,
  removeOldDrafts,
} from "../../../src/file-source/secrets/exclusive.ts";
import { fileName, generationsIn } from "../../../src/file-source/secrets/generations.ts";
import { SecretIds } from "../../../src/file-source/secrets/secret-ids.ts";
import { TestFolder } from "../helpers.ts";

describe("publishing a file", () => {
  it("puts it in place once, whole, and leaves no draft", async () => {
    const { folder, scratch } = subject();
    const path = folder.file("file");

    expect(await publish(path, Buffer.from("first"), scratch)).toBe(true);
    expect(await publish(path, Buffer.from("second"), scratch)).toBe(false);

    expect(readFileSync(path, "utf8")).toBe("first");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(scratch)).toEqual([]);
  });

  it("has one winner among many", async () => {
    const { folder, scratch } = subject();
    const path = folder.file("file");
    const won = await Promise.all(
      Array.from({ length: 40 }, (_, index) => publish(path, Buffer.from(`${index}`), scratch)),
    );

    expect(won.filter((each) => each)).toHaveLength(1);
    expect(readFileSync(path, "utf8")).toBe(`${won.indexOf(true)}`);
    expect(readdirSync(scratch)).toEqual([]);
  });

  it("leaves no draft when it fails", async () => {
    const { folder, scratch } = subject();
    const path = folder.file("no/such/folder/file");

    const error: unknown = await publish(path, Buffer.from("x"), scratch).catch(
      (reason: unknown) => reason,
    );

    expect(errorCode(error)).toBe("ENOENT");
    expect(readdirSync(scratch)).toEqual([]);
  });
});

describe("claiming a name", () => {
  it("works once", async () => {
    const { folder } = subject();
    const claims = await Promise.all(Array.from({ length: 20 }, () => claim(folder.file("7"))));
    expect(claims.filter((each) => each)).toHaveLength(1);
  });

  it("fails where nothing can be written", async () => {
    const { folder } = subject();
    await expect(claim(folder.file("gone/7"))).rejects.toThrow("ENOENT");
  });
});

describe("folders", () => {
  it("are made once, with all above them, for their owner alone", async () => {
    const { folder } = subject();
    await Promise.all([makeFolder(folder.file("a/b/c")), makeFolder(folder.file("a/b/c"))]);

    expect(existsSync(folder.file("a/b/c"))).toBe(true);
    expect(statSync(folder.file("a")).mode & 0o777).toBe(0o700);
    await expect(makeFolder(folder.file("a/b"))).resolves.toBeUndefined();
  });

  it("that are not there hold nothing", async () => {
    const { folder } = subject();
    expect(await namesIn(folder.file("gone"))).toEqual([]);
    await expect(removeOldDrafts(folder.file("gone"), 0)).resolves.toBeUndefined();
    await expect(namesIn(folder.write("file", "x"))).rejects.toThrow("ENOTDIR");
  });

  it("lose drafts that are too old only", async () => {
    const { folder, scratch } = subject();
    folder.write("scratch/draft", "x");

    await removeOldDrafts(scratch, 60_000);
    expect(readdirSync(scratch)).toEqual(["draft"]);
    await removeOldDrafts(scratch, -60_000);
    expect(readdirSync(scratch)).toEqual([]);
  });
});

describe("the generations of a path", () => {
  it("are what the names say, the newest first, each as advanced as it got", async () => {
    const folder = new TestFolder();
    for (const name of [
      fileName(1, "current"),
      fileName(1, "in-rotation"),
      fileName(1, "archived"),
      fileName(2, "current"),
      fileName(2, "in-rotation"),
      fileName(12, "current"),
      "3.current.json",
      "00000004.lost.json",
      "00000005.current.json.bak",
    ]) {
      folder.write(name, "");
    }

    expect(await generationsIn(folder.path)).toEqual([
      { number: 12, status: "current" },
      { number: 2, status: "in-rotation" },
      { number: 1, status: "archived" },
    ]);
  });

  it("are as advanced as the most advanced file that is left", async () => {
    const folder = new TestFolder();
    folder.write(fileName(1, "archived"), "");
    expect(await generationsIn(folder.path)).toEqual([{ number: 1, status: "archived" }]);
  });
});

describe("ids of secrets", () => {
  it("begin at 1 and go up", async () => {
    const { ids } = idsOf(new TestFolder());
    expect([await ids.next(), await ids.next(), await ids.next()]).toEqual([1, 2, 3]);
  });

  it("begin behind those that are taken, whatever else is in the folder", async () => {
    const folder = new TestFolder();
    const names = ["7", "41", "0099", "-5", "notes.txt", "1e9"];
    for (const name of names) folder.write(`ids/${name}`, "");
    expect(await idsOf(folder).ids.next()).toBe(42);
  });

  it("ask for those in use once, and only while none was ever claimed", async () => {
    const folder = new TestFolder();
    const first = idsOf(folder, 640);
    expect(await Promise.all([first.ids.next(), first.ids.next()])).toEqual([641, 642]);
    const second = idsOf(folder, 9_999);

    expect(await second.ids.next()).toBe(643);
    expect([first.asked(), second.asked()]).toEqual([1, 0]);
  });

  it("skip what another process has taken meanwhile", async () => {
    const folder = new TestFolder();
    const { ids } = idsOf(folder);
    await ids.next();
    folder.write("ids/2", "");
    folder.write("ids/50", "");

    expect(await ids.next()).toBe(51);
  });

  it("go on after a failure", async () => {
    const folder = new TestFolder();
    folder.write("ids", "in the way");
    const { ids } = idsOf(folder);
    await expect(ids.next()).rejects.toThrow("ENOTDIR");

    rmSync(folder.file("ids"));
    expect(await ids.next()).toBe(1);
  });
});

function subject() {
  const folder = new TestFolder();
  mkdirSync(folder.file("scratch"));
  return { folder, scratch: folder.file("scratch") };
}

function idsOf(folder: TestFolder, highest = 0) {
  let asked = 0;
  const ids = new SecretIds({
    folder: folder.file("ids"),
    highestInUse: async () => {
      asked += 1;
      return highest;
    },
  });
  return { ids, asked: () => asked };
}
