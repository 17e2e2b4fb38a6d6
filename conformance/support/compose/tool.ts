import { execFile } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { withLock } from "../../../scripts/lib/lock.mjs";
import { ROOT } from "../image/context.ts";

const run = promisify(execFile);

const PODMAN_COMPOSE = "1.6.0";
const TOOLS = join(ROOT, ".toolchain");
const INSTALL_DEADLINE_MS = 180_000;
const PROBE_DEADLINE_MS = 30_000;

/** A program that understands compose files, as the words of its command line. */
export type ComposeTool = readonly [program: string, ...words: readonly string[]];

/** Docker's own where it is; else podman-compose from PyPI, in a folder of the workspace. */
export async function composeTool(): Promise<ComposeTool> {
  if (await works("docker", "compose", "version")) return ["docker", "compose"];
  if (!(await works("podman", "--version"))) {
    throw new Error("neither `docker compose` nor `podman` is there");
  }
  const folder = join(TOOLS, `podman-compose-${PODMAN_COMPOSE}`);
  const program = join(folder, "bin", "podman-compose");
  mkdirSync(TOOLS, { recursive: true });
  await withLock(`${folder}.lock`, async () => {
    if (existsSync(program)) return;
    const options = { timeout: INSTALL_DEADLINE_MS };
    await run("python3", ["-m", "venv", folder], options);
    const requirement = `podman-compose==${PODMAN_COMPOSE}`;
    await run(join(folder, "bin", "pip"), ["install", "--quiet", requirement], options);
  });
  return [program];
}

async function works(program: string, ...args: readonly string[]): Promise<boolean> {
  return run(program, [...args], { timeout: PROBE_DEADLINE_MS }).then(
    () => true,
    () => false,
  );
}
