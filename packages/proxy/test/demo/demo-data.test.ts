import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { load } from "js-yaml";
import { describe, expect, it, onTestFinished } from "vitest";
import { createDemoData, DemoDataError, readDemoEnvironment } from "../../src/demo/demo-data.ts";

describe("demo data", () => {
  it("hold three tenants on the local KMS: one leased, one not, one disabled", () => {
    const { configFile } = createDemoData(freshFolder());

    const document = load(readFileSync(configFile, "utf8")) as Document;

    const states = document.tenants.map(({ configurations: [assignment] }) => ({
      leased: document.kmsConfigurations.find(({ id }) => id === assignment.id)?.leasingAllowed,
      active: assignment.active,
    }));
    expect(states).toEqual([
      { leased: true, active: true },
      { leased: false, active: true },
      { leased: false, active: false },
    ]);
    expect(new Set(document.kmsConfigurations.map(({ type }) => type))).toEqual(new Set(["LOCAL"]));
  });

  it("have a key of 32 bytes for each configuration, each another one", () => {
    const { folder } = createDemoData(freshFolder());

    const keys = readdirSync(join(folder, "keys")).map((name) =>
      readFileSync(join(folder, "keys", name), "utf8"),
    );

    expect(keys.map((key) => Buffer.from(key, "base64").length)).toEqual([32, 32, 32]);
    expect(new Set(keys).size).toBe(3);
  });

  it("have an API key of 16 base64 characters that is fresh in every folder", () => {
    const keys = [freshFolder(), freshFolder()].map(
      (folder) => readDemoEnvironment(createDemoData(folder))["API_KEY"] ?? "",
    );

    for (const key of keys) {
      expect(key).toMatch(/^[A-Za-z0-9+/]{16}$/);
    }
    expect(new Set(keys).size).toBe(2);
  });

  it("can be read by their owner alone", () => {
    const { folder } = createDemoData(freshFolder());

    const modes = readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => [
      entry.isDirectory(),
      statSync(join(entry.parentPath, entry.name)).mode & 0o777,
    ]);

    for (const [isFolder, mode] of modes) expect(mode).toBe(isFolder === true ? 0o700 : 0o600);
  });

  it("are left as they are when they are complete", () => {
    const folder = freshFolder();
    const first = createDemoData(folder);
    const before = contentOf(folder);

    const second = createDemoData(folder);

    expect([first.created, second.created]).toEqual([true, false]);
    expect(contentOf(folder)).toEqual(before);
  });

  it.for(["tenants.yaml", "env", "keys/acme-1.key"])(
    "are neither completed nor overwritten when %s is missing",
    (missing) => {
      const folder = freshFolder();
      createDemoData(folder);
      rmSync(join(folder, missing));
      const before = contentOf(folder);

      expect(() => createDemoData(folder)).toThrow(DemoDataError);
      expect(() => createDemoData(folder)).toThrow(missing);
      expect(contentOf(folder)).toEqual(before);
    },
  );

  it.for(["data", "my data", "it's mine", 'a "quoted" $HOME `id` #1; \\ & more', "two\nlines"])(
    "have an environment file for shells and for Node in a folder named %j",
    (name) => {
      const folder = join(freshFolder(), name);

      const { envFile, configFile } = createDemoData(folder);

      const shell = 'set -a; . "$1"; set +a; printf %s "$TSP_CONFIG_FILE"';
      const sourced = execFileSync("sh", ["-c", shell, "sh", envFile], { encoding: "utf8" });
      expect(sourced).toBe(configFile);
      expect(parseEnv(readFileSync(envFile, "utf8"))["TSP_CONFIG_FILE"]).toBe(configFile);
    },
  );

  it("leave a plain path unquoted, which is how Docker wants it", () => {
    const { envFile, configFile } = createDemoData(freshFolder());

    expect(readFileSync(envFile, "utf8")).toContain(`\nTSP_CONFIG_FILE=${configFile}\n`);
  });

  it("are not made where their path cannot be written down", () => {
    const folder = join(freshFolder(), `'"`);

    expect(() => createDemoData(folder)).toThrow("cannot be written into an environment file");
    expect(existsSync(folder)).toBe(false);
  });

  it("name their own configuration file after the folder was moved", () => {
    const folder = freshFolder();
    createDemoData(folder);
    const moved = `${folder}-moved`;
    renameSync(folder, moved);
    onTestFinished(() => rmSync(moved, { recursive: true }));

    const environment = readDemoEnvironment(createDemoData(moved));

    expect(environment["TSP_CONFIG_FILE"]).toBe(join(moved, "tenants.yaml"));
  });
});

interface Document {
  readonly kmsConfigurations: readonly {
    readonly id: number;
    readonly type: string;
    readonly leasingAllowed: boolean;
  }[];
  readonly tenants: readonly {
    readonly configurations: readonly [{ readonly id: number; readonly active: boolean }];
  }[];
}

function freshFolder(): string {
  const parent = mkdtempSync(join(tmpdir(), "tenant-security-demo-"));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  return join(parent, "data");
}

function contentOf(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return new Map(
    files
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [file, readFileSync(file, "utf8")]),
  );
}
