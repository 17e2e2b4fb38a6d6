import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const run = promisify(execFile);
const ADAPTERS = fileURLToPath(new URL("../../../../kms-adapters/", import.meta.url));
const NAME = "@tenant-security/kms-adapters";

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly publishConfig: { readonly exports: Readonly<Record<string, unknown>> };
}

/** An application that has installed the adapters as they are published, and nothing beside them. */
describe("the adapters, installed alone", () => {
  const application = mkdtempSync(join(tmpdir(), "tenant-security-"));
  const modules = join(application, "node_modules");
  const manifest = JSON.parse(readFileSync(join(ADAPTERS, "package.json"), "utf8")) as Manifest;

  beforeAll(async () => {
    const installed = join(modules, NAME);
    mkdirSync(installed, { recursive: true });
    // As `pnpm publish` does it: the members of `publishConfig` replace those of the manifest.
    const published = { ...manifest, ...manifest.publishConfig };
    writeFileSync(join(installed, "package.json"), JSON.stringify(published));
    const out = ["--outDir", join(installed, "dist"), "--tsBuildInfoFile", join(application, "i")];
    const tsc = join(ADAPTERS, "node_modules/.bin/tsc");
    await run(tsc, ["-p", join(ADAPTERS, "tsconfig.build.json"), ...out]);
    for (const name of Object.keys(manifest.dependencies)) install(name);
  });
  afterAll(() => rmSync(application, { recursive: true, force: true }));

  function install(name: string): void {
    mkdirSync(join(modules, name, ".."), { recursive: true });
    symlinkSync(join(ADAPTERS, "node_modules", name), join(modules, name));
  }

  /** Runs a module of the application; gives what it printed. */
  async function evaluate(code: string): Promise<string> {
    const node = [process.execPath, ["--input-type=module", "--eval", code]] as const;
    return (await run(...node, { cwd: application })).stdout.trim();
  }

  it("bring no SDK along", () => {
    expect(Object.keys(manifest.dependencies)).toEqual(["undici"]);
  });

  it.for(Object.keys(manifest.publishConfig.exports).filter((path) => !/aws|conf/.test(path)))(
    "can be imported by %s",
    async (path) => {
      const specifier = JSON.stringify(NAME + path.slice(1));

      expect(await evaluate(`console.log(typeof await import(${specifier}))`)).toBe("object");
    },
  );

  it("say which package is missing for AWS", async () => {
    const code = `await import("${NAME}/aws").catch((error) => console.log(error.message))`;

    expect(await evaluate(code)).toContain("Cannot find package '@aws-sdk/client-kms'");
  });

  it("need one package for AWS, and say which other one a role needs", async () => {
    install("@aws-sdk/client-kms");

    expect(
      await evaluate(`
        import { Kms } from "${NAME}";
        import { awsKms } from "${NAME}/aws";
        const keyPath = { keyID: "alias/documents", region: "us-east-1" };
        const roleArn = "arn:aws:iam::111122223333:role/tsp";
        const credentials = { accessKeyId: "AKIAEXAMPLE", secretAccessKey: "a-secret", roleArn };
        const kms = new Kms(awsKms({ keyPath, credentials }));
        await kms.wrap(new Uint8Array(32)).catch(({ code, message }) => console.log(code, message));
        await kms.close();
      `),
    ).toMatch(/^KMS_CONFIG_INVALID .*package @aws-sdk\/client-sts.*is not installed/);
  });
});
