import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT: string = fileURLToPath(new URL("../../..", import.meta.url));

const EXTRA = ["Dockerfile", ".dockerignore"];

/** The files that a build of the image sees, by their paths from the root, in order. */
export function contextFiles(): readonly string[] {
  const { allowed, refused } = ignoreFile();
  const walk = (path: string): readonly string[] => {
    if (refused.some((matches) => matches(path))) return [];
    if (statSync(join(ROOT, path)).isFile()) return [path];
    return readdirSync(join(ROOT, path)).flatMap((name) => walk(join(path, name)));
  };
  return [...EXTRA, ...allowed.flatMap(walk)].toSorted();
}

/** Changes whenever a file does that the image is made from. */
export function contextHash(files: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of files) {
    const content = readFileSync(join(ROOT, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex").slice(0, 16);
}

/**
 * Gives `use` a folder with these files alone: whoever packs the whole workspace meets files of
 * other tests that come and go.
 */
export async function withContext<T>(
  files: readonly string[],
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "tenant-security-context-"));
  try {
    for (const file of files) cpSync(join(ROOT, file), join(folder, file));
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Match = (path: string) => boolean;

/** Reads the forms that our `.dockerignore` is written in, and no others. */
function ignoreFile(): { readonly allowed: readonly string[]; readonly refused: readonly Match[] } {
  const lines = readFileSync(join(ROOT, ".dockerignore"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  const [all, ...rules] = lines;
  if (all !== "*") throw new Error(".dockerignore does not begin by refusing everything");
  const allowed = rules.filter((rule) => rule.startsWith("!")).map((rule) => rule.slice(1));
  const refused = rules.filter((rule) => !rule.startsWith("!")).map(matcher);
  return { allowed, refused };
}

function matcher(rule: string): Match {
  const [, star = "", name = ""] = /^\*\*\/(\*?)([\w.]+)$/.exec(rule) ?? [];
  if (name === "") throw new Error(`.dockerignore has a rule of a form not known here: ${rule}`);
  return (path) => (star === "" ? basename(path) === name : path.endsWith(name));
}
