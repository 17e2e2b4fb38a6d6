import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** In `node_modules`, so that whoever removes that folder gets a fresh install. */
const STAMP = "node_modules/.tenant-security-installed";

/** Everything that decides what an install would put there, as one hash. */
export function wantedStamp(root) {
  const hash = createHash("sha256").update(`${process.platform}-${process.arch}\n`);
  const files = ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json", ...manifests(root)];
  for (const file of files) {
    hash
      .update(`${file}\n`)
      .update(readFileSync(join(root, file)))
      .update("\n");
  }
  return hash.digest("hex");
}

export function isFresh(root, stamp) {
  const file = join(root, STAMP);
  return existsSync(file) && readFileSync(file, "utf8") === stamp;
}

export function writeStamp(root, stamp) {
  writeFileSync(join(root, STAMP), stamp);
}

/** Manifests of the members that `pnpm-workspace.yaml` lists, either `folder` or `folder/*`. */
function manifests(root) {
  const text = readFileSync(join(root, "pnpm-workspace.yaml"), "utf8");
  const list = /^packages:\n((?: +- .*\n)+)/m.exec(text)?.[1] ?? "";
  const members = list.split("\n").map((line) => line.replace(/^ +- /, "").replaceAll('"', ""));
  return members
    .filter((member) => member !== "")
    .flatMap((member) => foldersOf(root, member))
    .map((folder) => `${folder}/package.json`)
    .filter((manifest) => existsSync(join(root, manifest)))
    .toSorted();
}

function foldersOf(root, member) {
  if (!member.endsWith("/*")) return [member];
  const parent = member.slice(0, -2);
  return readdirSync(join(root, parent)).map((name) => `${parent}/${name}`);
}
