import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { readSettings, renderManifests } from "../src/index.ts";

const PACKAGE = fileURLToPath(new URL("../", import.meta.url));
const MAIN = join(PACKAGE, "src/main.ts");

interface Ending {
  readonly code: number | string | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program in the package, with the Node of these tests first on the path. */
function run(program: string, args: readonly string[], environment = {}): Promise<Ending> {
  const path = [dirname(process.execPath), process.env["PATH"]].join(delimiter);
  const { CDK8S_OUTDIR: _, DEPLOY_SETTINGS: __, ...inherited } = process.env;
  const env = { ...inherited, PATH: path, ...environment };
  return new Promise((resolve) => {
    execFile(program, args, { cwd: PACKAGE, env, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "deploy-synth-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

it("cdk8s synth in the package writes what settings.yaml says", { timeout: 60_000 }, async () => {
  const folder = await temporaryFolder();
  const cdk8s = join(PACKAGE, "node_modules/.bin/cdk8s");

  const { code } = await run(cdk8s, ["synth", "--check-upgrade", "false", "--output", folder]);

  const written = await readFile(join(folder, "tenant-security-proxy.k8s.yaml"), "utf8");
  expect(code).toBe(0);
  expect(written).toBe(renderManifests(await readSettings(join(PACKAGE, "settings.yaml"))));
});

it(
  "cdk8s synth takes another file, and says what is wrong with it",
  { timeout: 60_000 },
  async () => {
    const folder = await temporaryFolder();
    const settings = join(folder, "mine.yaml");
    await writeFile(settings, "image: proxy\nreplicas: 1\n");
    const cdk8s = join(PACKAGE, "node_modules/.bin/cdk8s");
    // The command empties the folder that it writes to.
    const output = join(folder, "manifests");
    const args = ["synth", "--check-upgrade", "false", "--output", output];

    const { code, stderr } = await run(cdk8s, args, { DEPLOY_SETTINGS: settings });

    expect(code).not.toBe(0);
    expect(stderr).toContain("image: must be an image with a tag or a digest");
    expect(stderr).toContain("replicas: must be a whole number, 2 – 1,000");
  },
);

it("the program alone prints the manifests", async () => {
  const { code, stdout, stderr } = await run(process.execPath, [MAIN, "settings.production.yaml"]);

  const file = join(PACKAGE, "settings.production.yaml");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toBe(renderManifests(await readSettings(file)));
});

it("the program ends with 78 and prints nothing else when settings are wrong", async () => {
  const { code, stdout, stderr } = await run(process.execPath, [MAIN, "nowhere.yaml"]);

  expect({ code, stdout }).toEqual({ code: 78, stdout: "" });
  expect(stderr).toContain("nowhere.yaml cannot be read: ENOENT");
});
