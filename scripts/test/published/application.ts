import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { type PackageName, type Packed, publishedManifest, ROOT } from "./packed.ts";

const run = promisify(execFile);

/** A Node to run programs with; CI names every one that the packages promise to work on. */
const NODE = process.env["TEST_PACKAGES_WITH_NODE"] || process.execPath;

export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface InstallOptions {
  readonly packed: Packed;
  /** Without any optional peer; pnpm brings those along whose version a lockfile knows. */
  readonly bare?: boolean;
}

/** A folder of somebody's own that has one of our packages installed, as npm would give it out. */
export class Application {
  readonly path: string = mkdtempSync(join(tmpdir(), "tenant-security-application-"));
  readonly env: NodeJS.ProcessEnv = {
    HOME: this.path,
    // The package's program finds the Node under test, and nothing of the workspace.
    PATH: [dirname(NODE), "/usr/local/bin", "/usr/bin", "/bin"].join(delimiter),
  };

  /** Installs `name`; what it needs of ours comes from `packed`, everything else from npm. */
  static async with(name: PackageName, options: InstallOptions): Promise<Application> {
    const application = new Application();
    await application.#install(name, options);
    return application;
  }

  /** Runs a module of the application; gives what it printed. */
  async evaluate(code: string): Promise<string> {
    const file = join(this.path, "program.mjs");
    writeFileSync(file, code);
    const { stdout } = await run(NODE, [file], { cwd: this.path, env: this.env });
    return stdout.trim();
  }

  /** Path of a program that the package brings. */
  program(name: string): string {
    return join(this.path, "node_modules/.bin", name);
  }

  /** Runs such a program to its end. */
  async execute(name: string, args: readonly string[], env: object = {}): Promise<Output> {
    const options = { cwd: this.path, env: { ...this.env, ...env } };
    try {
      return { code: 0, ...(await run(this.program(name), args, options)) };
    } catch (error) {
      return error as Output;
    }
  }

  /** Makes a package available that `folder` has installed. */
  link(name: string, folder: string): void {
    const path = join(this.path, "node_modules", name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(join(folder, "node_modules", name), path);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  async #install(name: PackageName, { packed, bare = false }: InstallOptions): Promise<void> {
    const dependencies = { ...(await peersOf(packed[name]!)), [name]: `file:${packed[name]}` };
    const ours = Object.entries(packed).map(([each, file]) => [each, `file:${file}`]);
    this.#write("package.json", { private: true, type: "module", dependencies });
    // YAML is a superset of JSON.
    this.#write("pnpm-workspace.yaml", { overrides: Object.fromEntries(ours) });
    // The versions that are known here: a test must not depend on what was published last night.
    if (!bare) copyFileSync(join(ROOT, "pnpm-lock.yaml"), join(this.path, "pnpm-lock.yaml"));
    const options = ["--prod", "--prefer-offline", "--no-frozen-lockfile", "--ignore-scripts"];
    await run("pnpm", ["install", ...options], { cwd: this.path });
  }

  #write(name: string, content: object): void {
    writeFileSync(join(this.path, name), JSON.stringify(content));
  }
}

/** What the package expects its user to have installed; optional ones are not among it. */
async function peersOf(tarball: string): Promise<Readonly<Record<string, string>>> {
  const { peerDependencies, peerDependenciesMeta } = await publishedManifest(tarball);
  const peers = Object.entries(peerDependencies ?? {});
  return Object.fromEntries(peers.filter(([peer]) => !peerDependenciesMeta?.[peer]?.optional));
}
