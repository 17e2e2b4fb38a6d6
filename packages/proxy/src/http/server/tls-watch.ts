import { hash } from "node:crypto";
import { type FSWatcher, watch } from "node:fs";
import { dirname } from "node:path";
import { readTlsPair, type TlsFiles, type TlsPair } from "./tls.ts";

export interface TlsWatchOptions {
  readonly files: TlsFiles;
  /** What is in use at first. */
  readonly pair: TlsPair;
  readonly replaced: (pair: TlsPair) => void;
  /** The files changed and cannot be used; what is in use stays so. */
  readonly refused: (error: Error) => void;
}

/** Certificate and key are written one after the other: a pair is read once both had time. */
const SETTLE_MS = 250;

/** For file systems that report no changes. */
const LOOK_EVERY_MS = 60_000;

/** Follows the files of a certificate. Call what it returns to stop. */
export function watchTls(options: TlsWatchOptions): () => void {
  const watcher = new TlsWatcher(options);
  return () => watcher.close();
}

class TlsWatcher {
  readonly #options: TlsWatchOptions;
  readonly #folders: readonly FSWatcher[];
  readonly #interval: NodeJS.Timeout;
  #current: string;
  #settle: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: TlsWatchOptions) {
    this.#options = options;
    this.#current = fingerprint(options.pair);
    const { certFile, keyFile } = options.files;
    const folders = new Set([dirname(certFile), dirname(keyFile)]);
    // Folders, not files: a file that is replaced by a rename is another file.
    this.#folders = [...folders].map((folder) =>
      watch(folder, { persistent: false }, () => this.#schedule()).on("error", () => {}),
    );
    this.#interval = setInterval(() => void this.#reload(), LOOK_EVERY_MS).unref();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#interval);
    clearTimeout(this.#settle);
    for (const folder of this.#folders) folder.close();
  }

  #schedule(): void {
    clearTimeout(this.#settle);
    this.#settle = setTimeout(() => void this.#reload(), SETTLE_MS).unref();
  }

  async #reload(): Promise<void> {
    const { files, replaced, refused } = this.#options;
    try {
      const pair = await readTlsPair(files);
      const print = fingerprint(pair);
      if (this.#closed || print === this.#current) return;
      this.#current = print;
      replaced(pair);
    } catch (error) {
      if (!this.#closed) refused(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

function fingerprint({ cert, key }: TlsPair): string {
  return `${hash("sha256", cert)} ${hash("sha256", key)}`;
}
