import { randomUUID } from "node:crypto";
import { closeSync, openSync, unlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MIRROR_BYTES, type MetricsSnapshot, readMirror } from "@tenant-security/metrics";

/** Memory that looks like a folder; writable in a container whose file system is not. */
const SHARED_MEMORY = "/dev/shm";

/** Where one worker keeps what it counted. It has no name, so that nobody has to remove it. */
export class MirrorFile {
  /** To be handed to the worker. */
  readonly fd: number;
  #open = true;

  private constructor(fd: number) {
    this.fd = fd;
  }

  /** @throws Error when neither shared memory nor the folder for temporary files has room */
  static create(): MirrorFile {
    try {
      return new MirrorFile(createIn(SHARED_MEMORY));
    } catch {
      return new MirrorFile(createIn(tmpdir()));
    }
  }

  /** What the worker had counted when it last saved; undefined when that is not known. */
  async read(): Promise<MetricsSnapshot | undefined> {
    if (!this.#open) return undefined;
    try {
      return await readMirror(this.fd);
    } catch {
      return undefined;
    }
  }

  close(): void {
    if (this.#open) closeSync(this.fd);
    this.#open = false;
  }
}

/** All of its bytes are written once: later writes need no more room. */
function createIn(folder: string): number {
  const name = join(folder, `tsp-${randomUUID()}`);
  const fd = openSync(name, "wx+", 0o600);
  try {
    unlinkSync(name);
    writeSync(fd, new Uint8Array(MIRROR_BYTES));
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
