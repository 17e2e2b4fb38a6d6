import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openCredentials, SecretReferenceError } from "../../src/file-source/credentials.ts";
import { fileState, MAX_SECRET_BYTES, readLimited } from "../../src/file-source/files.ts";
import { statesOf } from "../../src/file-source/file-states.ts";
import { TestFolder } from "./helpers.ts";

describe("credentials", () => {
  it("are opened wherever they refer to something", async () => {
    const folder = new TestFolder();
    folder.write("a.key", "first\n");
    const absolute = folder.write("deep/b.key", "second");
    const given = {
      plain: "as it is",
      flag: true,
      file: { fromFile: "a.key" },
      absolute: { fromFile: absolute },
      env: { fromEnv: "C" },
      keys: [{ version: 1, key: { fromFile: "./deep/../a.key" } }],
    };

    expect(await openCredentials(given, { folder: folder.path, env: { C: "third" } })).toEqual({
      plain: "as it is",
      flag: true,
      file: "first",
      absolute: "second",
      env: "third",
      keys: [{ version: 1, key: "first" }],
    });
  });

  it.for([
    ["text", "text"],
    ["text\n", "text"],
    ["text\r\n", "text"],
    ["two\nlines\n", "two\nlines"],
    [" blanks \n", " blanks "],
    ["\uFEFFmark", "mark"],
    ["ä", "ä"],
  ] as const)("in a file of %j are %j", async ([content, text]) => {
    expect(await opened(content)).toBe(text);
  });

  it("may fill a file up to the limit", async () => {
    const content = "x".repeat(MAX_SECRET_BYTES);
    expect(await opened(content)).toBe(content);
  });

  it.for([
    ["empty", "", "it is empty"],
    ["only a line break", "\n", "it is empty"],
    ["no text", Buffer.from([0x73, 0xff, 0xfe]), "it is not text in UTF-8"],
    ["too large", "x".repeat(MAX_SECRET_BYTES + 1), "it is larger than 64 KiB"],
  ] as const)("in a file that is %s are refused", async ([, content, reason]) => {
    await expect(opened(content)).rejects.toThrow(
      `credentials.it: the file "secret" cannot be used: ${reason}`,
    );
  });

  it("that are missing are refused by the name of member and place, never by a content", async () => {
    const folder = new TestFolder();
    const base = { folder: folder.path, env: { EMPTY: "", OTHER: "sEcReT" } };
    const keys = { keys: [{ key: { fromFile: "gone.key" } }] };

    await expect(openCredentials(keys, base)).rejects.toThrow(
      'credentials.keys[0].key: the file "gone.key" cannot be used: it cannot be read (ENOENT)',
    );
    for (const name of ["EMPTY", "MISSING"]) {
      await expect(openCredentials({ it: { fromEnv: name } }, base)).rejects.toThrow(
        `credentials.it: the environment variable "${name}" is not set`,
      );
    }
  });

  it("are not looked for in the members of every object", async () => {
    const base = { folder: "/", env: {} };
    await expect(openCredentials({ it: { fromEnv: "constructor" } }, base)).rejects.toThrow(
      SecretReferenceError,
    );
  });
});

describe("a file", () => {
  it("is found behind links, which are followed anew each time", async () => {
    const folder = new TestFolder();
    folder.write("v1/secret", "one");
    folder.write("v2/secret", "two");
    symlinkSync("v1", folder.file("..data"));
    symlinkSync("..data/secret", folder.file("secret"));
    const first = await fileState(folder.file("secret"), 10);

    expect(String(await readLimited(folder.file("secret"), 10))).toBe("one");
    symlinkSync("v2", folder.file("next"));
    execFileSync("mv", ["-T", folder.file("next"), folder.file("..data")]);

    expect(String(await readLimited(folder.file("secret"), 10))).toBe("two");
    expect(await fileState(folder.file("secret"), 10)).not.toEqual(first);
  });

  it("must be a file, and nobody waits for anything else", async () => {
    const folder = new TestFolder();
    mkdirSync(folder.file("folder"));
    execFileSync("mkfifo", [folder.file("pipe")]);
    symlinkSync("loop", folder.file("loop"));

    for (const name of ["folder", "pipe"]) {
      await expect(readLimited(folder.file(name), 10)).rejects.toThrow("not a regular file");
      expect((await fileState(folder.file(name), 10)).problem).toBe("it is not a regular file");
    }
    await expect(readLimited("/dev/zero", 10)).rejects.toThrow("not a regular file");
    await expect(readLimited(folder.file("loop"), 10)).rejects.toThrow("(ELOOP)");
    await expect(readLimited(folder.file("gone"), 10)).rejects.toThrow("(ENOENT)");
    await expect(readLimited(folder.file("pipe/x"), 10)).rejects.toThrow("(ENOTDIR)");
  });

  it.runIf(process.getuid?.() !== 0)("must be readable", async () => {
    const folder = new TestFolder();
    chmodSync(folder.write("secret", "x"), 0o000);
    await expect(readLimited(folder.file("secret"), 10)).rejects.toThrow("(EACCES)");
  });

  it("is not larger than its limit", async () => {
    const folder = new TestFolder();
    const path = folder.write("file", "0123456789");

    expect(String(await readLimited(path, 10))).toBe("0123456789");
    await expect(readLimited(path, 9)).rejects.toThrow("it is larger than");
    expect((await fileState(path, 9)).problem).toContain("it is larger than");
    expect((await fileState(path, 10)).problem).toBeUndefined();
  });

  it("has another state after every change, and the same one otherwise", async () => {
    const folder = new TestFolder();
    const path = folder.write("file", "one");
    const states = new Set<string>();
    const look = async (): Promise<void> => {
      states.add((await fileState(path, 10)).signature);
    };

    await look();
    await look();
    expect(states.size).toBe(1);
    folder.replace("file", "two");
    await look();
    expect(states.size).toBe(2);
    folder.write("file", "three");
    await look();
    expect(states.size).toBe(3);
  });
});

describe("the states of many files", () => {
  it("are found for each path once", async () => {
    const folder = new TestFolder();
    const paths = Array.from({ length: 100 }, (_, index) => folder.write(`f${index}`, `${index}`));

    const states = await statesOf([...paths, ...paths, folder.file("gone")]);

    expect(states.size).toBe(101);
    expect(states.get(folder.file("gone"))?.problem).toBe("it cannot be read (ENOENT)");
    expect(new Set([...states.values()].map(({ signature }) => signature)).size).toBe(101);
  });

  it("of no file are none", async () => {
    expect((await statesOf([])).size).toBe(0);
  });
});

async function opened(content: string | Uint8Array): Promise<unknown> {
  const folder = new TestFolder();
  folder.write("secret", content);
  const given = { it: { fromFile: "secret" } };
  return Object(await openCredentials(given, { folder: folder.path, env: {} }))["it"];
}
