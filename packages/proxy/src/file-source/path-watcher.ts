import { type FSWatcher, watch } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { Pace } from "../pace.ts";

/** Files watched at most, and folders; changes of others are found at the next refresh. */
export const MAX_WATCHED_FILES = 10_000;
const MAX_FOLDERS = 64;

/** Files whose links are followed. Kubernetes needs it for none: it swaps a link in the folder. */
const MAX_LINKS = 256;

/** Quiet time before a change is told, and the longest time it may be put off. */
const QUIET_MS = 100;
const LONGEST_DELAY_MS = 1_000;

interface WatchedFolder {
  readonly watcher: FSWatcher;
  /** Tells a folder that was replaced from the one that is being watched. */
  readonly identity: string;
  names: ReadonlySet<string>;
}

/**
 * Tells when one of a set of files may have changed: written, replaced by a rename, or reached over
 * another link, as Kubernetes swaps mounted secrets. Folders are watched, because a file that is
 * replaced takes its watcher with it. What cannot be watched is passed over in silence.
 */
export class PathWatcher {
  readonly #changed: () => void;
  readonly #folders: Map<string, WatchedFolder> = new Map();
  #quiet: NodeJS.Timeout | undefined;
  #firstAt = 0;
  #closed = false;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Watches these files from now on, and folders that came back since the last call. */
  async update(files: readonly string[]): Promise<void> {
    const wanted = await foldersOf(files);
    if (this.#closed) return;
    for (const [folder, { identity }] of this.#folders) {
      if (wanted.get(folder)?.identity !== identity) this.#drop(folder);
    }
    for (const [folder, { identity, names }] of wanted) {
      const watched = this.#folders.get(folder);
      if (watched) watched.names = names;
      else this.#add(folder, identity, names);
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#quiet);
    for (const folder of this.#folders.keys()) this.#drop(folder);
  }

  #add(folder: string, identity: string, names: ReadonlySet<string>): void {
    try {
      const watcher = watch(folder, { persistent: false });
      const watched = { watcher, identity, names };
      watcher.on("change", (_event, name) => {
        // Under its own name a folder tells of its own end.
        if (concerns(watched.names, name) || name === basename(folder)) this.#noticed();
      });
      watcher.on("error", () => {
        if (this.#folders.get(folder) === watched) this.#drop(folder);
      });
      this.#folders.set(folder, watched);
    } catch {
      // No watch to be had, for lack of descriptors say: the refresh interval has to do.
    }
  }

  #drop(folder: string): void {
    this.#folders.get(folder)?.watcher.close();
    this.#folders.delete(folder);
  }

  /** Waits for the end of a burst, but not for ever. */
  #noticed(): void {
    const now = performance.now();
    if (this.#quiet === undefined) this.#firstAt = now;
    clearTimeout(this.#quiet);
    const left = this.#firstAt + LONGEST_DELAY_MS - now;
    this.#quiet = setTimeout(
      () => {
        this.#quiet = undefined;
        this.#changed();
      },
      Math.max(Math.min(QUIET_MS, left), 0),
    ).unref();
  }
}

/** A name that leads to one of the files; `..data` and its like are how Kubernetes swaps them. */
function concerns(names: ReadonlySet<string>, name: string | Buffer | null): boolean {
  return typeof name !== "string" || names.has(name) || name.startsWith("..");
}

interface Folder {
  readonly identity: string;
  readonly names: ReadonlySet<string>;
}

/** The folders that exist, of the files as named and, where links lead elsewhere, as they are. */
async function foldersOf(files: readonly string[]): Promise<ReadonlyMap<string, Folder>> {
  const links = await Promise.all(
    files.slice(0, MAX_LINKS).map((file) => realpath(file).catch(() => file)),
  );
  const folders = new Map<string, Set<string>>();
  const pace = new Pace();
  // The first file, with all that leads to it, comes before the many.
  for (const path of [...files.slice(0, 1), ...links, ...files.slice(1, MAX_WATCHED_FILES)]) {
    const pause = pace.next();
    if (pause !== undefined) await pause;
    const names = folders.get(dirname(path)) ?? new Set();
    names.add(basename(path));
    if (folders.size < MAX_FOLDERS) folders.set(dirname(path), names);
  }
  const found = await Promise.all([...folders].map(([path, names]) => folderAt(path, names)));
  return new Map(found.filter((entry) => entry !== undefined));
}

async function folderAt(
  path: string,
  names: ReadonlySet<string>,
): Promise<readonly [string, Folder] | undefined> {
  try {
    const { dev, ino } = await stat(path);
    return [path, { identity: `${dev}:${ino}`, names }];
  } catch {
    return undefined;
  }
}
