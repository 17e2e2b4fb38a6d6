import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

export const ROOT: string = fileURLToPath(new URL("../../../", import.meta.url));
const PACKAGES = join(ROOT, "packages");

export type PackageName = `@tenant-security/${string}`;

/** Tarball of every package. */
export type Packed = Readonly<Record<PackageName, string>>;

export interface Manifest {
  readonly name: PackageName;
  readonly version: string;
  readonly license: string;
  readonly description: string;
  readonly engines: { readonly node: string };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly publishConfig: Readonly<Record<string, unknown>>;
}

/** Manifest of every package in the repository. */
export function manifests(): readonly Manifest[] {
  return readdirSync(PACKAGES).map((folder) => {
    const text = readFileSync(join(PACKAGES, folder, "package.json"), "utf8");
    return JSON.parse(text) as Manifest;
  });
}

/** Builds all packages and packs them into `folder`, as a release does. */
export async function packAll(folder: string): Promise<Packed> {
  const each = ["--filter", "./packages/*"];
  await run("pnpm", [...each, "exec", "tsc", "-b", "tsconfig.build.json"], { cwd: ROOT });
  await run("pnpm", [...each, "pack", "--pack-destination", folder], { cwd: ROOT });
  const tarballs = manifests().map(({ name, version }) => {
    const file = `${name.replace("@", "").replace("/", "-")}-${version}.tgz`;
    return [name, join(folder, file)] as const;
  });
  return Object.fromEntries(tarballs);
}

/** Paths of the files in a tarball, from its `package` folder on. */
export async function filesIn(tarball: string): Promise<readonly string[]> {
  const { stdout } = await run("tar", ["-tzf", tarball]);
  return stdout
    .trim()
    .split("\n")
    .map((path) => path.replace(/^package\//, ""));
}

/** The manifest as npm shows it. */
export async function publishedManifest(tarball: string): Promise<Manifest> {
  const { stdout } = await run("tar", ["-xzOf", tarball, "package/package.json"]);
  return JSON.parse(stdout) as Manifest;
}
