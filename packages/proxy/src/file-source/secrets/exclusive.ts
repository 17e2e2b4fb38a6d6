import { randomUUID } from "node:crypto";
import { link, mkdir, open, readdir, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";

/** The system's code of a failed call, `ENOENT` say. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

/** Makes a folder that only this user can look into, and makes sure that it stays. */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first !== undefined) await syncFolder(dirname(first));
}

/**
 * Puts a file in place unless there is one already: whole or not at all, whatever happens meanwhile,
 * and on the disk when the promise resolves. `scratch` is a folder of the same file system.
 * Gives false when there is one already.
 */
export async function publish(
  path: string,
  content: Uint8Array,
  scratch: string,
): Promise<boolean> {
  const draft = join(scratch, randomUUID());
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    // Unlike a rename, a link never replaces what somebody else put there first.
    await link(draft, path);
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  } finally {
    await unlink(draft);
  }
  await syncFolder(dirname(path));
  // The folder may be new, made by a process that has not got so far yet.
  await syncFolder(dirname(dirname(path)));
  return true;
}

/** Claims a name by an empty file. Gives false when it is taken. */
export async function claim(path: string): Promise<boolean> {
  try {
    const file = await open(path, "wx", 0o600);
    await file.close();
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
  await syncFolder(dirname(path));
  return true;
}

/** Names in a folder; none when it is not there. */
export async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** Removes drafts that a process left behind when it was killed in the middle of `publish`. */
export async function removeOldDrafts(scratch: string, olderThanMs: number): Promise<void> {
  for (const name of await namesIn(scratch)) {
    const path = join(scratch, name);
    try {
      if (Date.now() - (await stat(path)).mtimeMs > olderThanMs) await unlink(path);
    } catch (error) {
      // Another process may have tidied up or finished meanwhile.
      if (errorCode(error) !== "ENOENT") throw error;
    }
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
