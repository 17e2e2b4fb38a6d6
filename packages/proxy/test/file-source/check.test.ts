import { describe, expect, it } from "vitest";
import { type CheckedFile, checkFile, type CheckOptions } from "../../src/file-source/check.ts";
import { document, gcp, local, tenant, TestFolder } from "./helpers.ts";

describe("checking a configuration file", () => {
  it("counts what is in it", async () => {
    const folder = new TestFolder();
    folder.key("key-1");

    expect(await check(folder, document([local(1), gcp(2)], [tenant("acme", 1)]))).toEqual({
      mistakes: [],
      problems: [],
      configurations: 2,
      tenants: 1,
    });
  });

  it("opens every credential, also of configurations that nobody uses", async () => {
    const folder = new TestFolder();
    const text = document([local(1), local(2, variable("GONE")), gcp(3, { keyPath: {} })], []);
    const { problems, mistakes } = await check(folder, text);

    expect(mistakes).toEqual([]);
    expect(problems.slice(-2)).toEqual([
      `${folder.file("config")}: KMS configuration 1 (LOCAL) cannot be used: ` +
        'credentials.keys[0].key cannot be read: the file "key-1" cannot be used: it cannot be read (ENOENT)',
      `${folder.file("config")}: KMS configuration 2 (LOCAL) cannot be used: ` +
        'credentials.keys[0].key cannot be read: the environment variable "GONE" is not set',
    ]);
    expect(problems).toHaveLength(6);
  });

  it("lists every mistake of a file that cannot be used", async () => {
    const folder = new TestFolder();
    const text = document([local(1), local(1)], [tenant("acme", 7)]);

    expect(await check(folder, text)).toEqual({
      mistakes: [expect.stringContaining("twice"), expect.stringContaining("configuration 7")],
      problems: [],
      configurations: 0,
      tenants: 0,
    });
  });

  it("lets somebody else look at opened credentials", async () => {
    const folder = new TestFolder();
    const text = document([local(1, variable("KEY")), local(2, variable("KEY"))], []);
    const { problems } = await check(folder, text, {
      env: { KEY: "c2VjcmV0" },
      inspect: async ({ id }, credentials) =>
        id === 2 ? `${id}: ${Object.keys(credentials).join()} are no good` : undefined,
    });

    expect(problems).toEqual([`${folder.file("config")}: 2: keys are no good`]);
  });

  it("fails when looking at them fails", async () => {
    const folder = new TestFolder();
    const text = document([gcp(1)], []);
    const checked = check(folder, text, { inspect: () => Promise.reject(new TypeError("a bug")) });
    await expect(checked).rejects.toThrow("a bug");
  });
});

function check(
  folder: TestFolder,
  text: string,
  options: Partial<CheckOptions> = {},
): Promise<CheckedFile> {
  return checkFile({ file: folder.write("config", text), env: {}, ...options });
}

function variable(name: string): object {
  return { credentials: { keys: [{ version: 1, key: { fromEnv: name } }] } };
}
