import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, mkdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runChild } from "./child.mjs";
import { withLock } from "./lock.mjs";
import { SetupError } from "./setup-error.mjs";
import { isFresh, wantedStamp, writeStamp } from "./stamp.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TOOLCHAIN = join(ROOT, ".toolchain");
const LOCAL_BIN = join(TOOLCHAIN, "node_modules", ".bin");

/** EX_CONFIG of sysexits.h: nothing will work until someone changes something. */
const EX_CONFIG = 78;

/**
 * Sees that pnpm, Node 24 and all dependencies are there; costs a few milliseconds when they are.
 * Gives the workspace's root, its Node, and the `PATH` for its tools.
 */
export async function prepare() {
  const stamp = wantedStamp(ROOT);
  if (!isFresh(ROOT, stamp)) {
    checkWritable();
    mkdirSync(TOOLCHAIN, { recursive: true });
    await withLock(join(TOOLCHAIN, "lock"), async () => {
      // Whoever held the lock before may have done it all.
      if (!isFresh(ROOT, stamp)) await install(stamp);
    });
  }
  const bin = join(ROOT, "node_modules", ".bin");
  return {
    root: ROOT,
    node: workspaceNode(bin),
    path: [bin, LOCAL_BIN, process.env.PATH].join(delimiter),
  };
}

async function install(stamp) {
  const pnpm = findPnpm() ?? (await installPnpm());
  say("installing dependencies, once …");
  await quietly("pnpm install", pnpm, ["install", "--frozen-lockfile"]);
  writeStamp(ROOT, stamp);
}

function findPnpm() {
  const candidates = [join(LOCAL_BIN, "pnpm"), "pnpm"];
  return candidates.find((pnpm) => {
    // Outside the workspace, where no pnpm replaces itself by the version that is asked for.
    const { status, stdout } = spawnSync(pnpm, ["--version"], {
      cwd: tmpdir(),
      encoding: "utf8",
      timeout: 10_000,
    });
    return status === 0 && stdout.trim() === wantedPnpm();
  });
}

async function installPnpm() {
  const version = wantedPnpm();
  say(`installing pnpm ${version} into .toolchain …`);
  const options = ["--no-audit", "--no-fund", "--no-save", "--ignore-scripts"];
  const npm = process.env.npm_execpath;
  const [program, ...before] =
    npm?.endsWith("npm-cli.js") === true ? [process.execPath, npm] : ["npm"];
  const args = ["install", "--prefix", TOOLCHAIN, ...options, `pnpm@${version}`];
  await quietly("npm install pnpm", program, [...before, ...args]);
  // Without its install script pnpm's file is a text that only a shell can run, and turbo is none.
  const linkBinary = join(TOOLCHAIN, "node_modules", "pnpm", "install.js");
  await quietly("linking pnpm's binary", process.execPath, [linkBinary]);
  return join(LOCAL_BIN, "pnpm");
}

function wantedPnpm() {
  const { packageManager } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  return packageManager.replace(/^pnpm@/, "");
}

/** The binary that the lockfile pins; the running Node where there is none for this platform. */
function workspaceNode(bin) {
  const pinned = join(bin, "node");
  if (existsSync(pinned)) return pinned;
  const [major = 0] = process.versions.node.split(".").map(Number);
  if (major >= 24) return process.execPath;
  throw new SetupError(
    `no Node 24 comes with the workspace for ${process.platform} on ${process.arch}: ` +
      "install Node 24 and run this again",
  );
}

function checkWritable() {
  try {
    accessSync(ROOT, constants.W_OK);
  } catch {
    throw new SetupError(
      `${ROOT} cannot be written: the dependencies are installed into it`,
      EX_CONFIG,
    );
  }
}

/** Runs a step quietly; what it said is shown only when it fails. */
async function quietly(what, program, args) {
  const { exitCode, output } = await runChild(program, args, { cwd: ROOT, capture: true });
  if (exitCode === 0) return;
  process.stderr.write(output);
  throw new SetupError(`${what} failed with exit code ${exitCode}, see above`, exitCode);
}

function say(text) {
  process.stderr.write(`tenant-security: ${text}\n`);
}
