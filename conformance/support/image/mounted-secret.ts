import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A folder as the kubelet mounts a Secret: every entry is a link into `..data`, which is a link to
 * a folder of one version, and an update replaces that one link.
 */
export class MountedSecret {
  readonly path: string = mkdtempSync(join(tmpdir(), "tenant-security-secret-"));
  #version = 0;

  constructor(entries: Readonly<Record<string, string>>) {
    chmodSync(this.path, 0o755);
    this.update(entries);
    for (const name of Object.keys(entries)) {
      symlinkSync(`..data/${name}`, join(this.path, name));
    }
  }

  /** Replaces all entries at once; the names stay as they were. */
  update(entries: Readonly<Record<string, string>>): void {
    this.#version += 1;
    const version = `..version_${this.#version}`;
    mkdirSync(join(this.path, version), { mode: 0o755 });
    for (const [name, content] of Object.entries(entries)) {
      writeFileSync(join(this.path, version, name), content, { mode: 0o444 });
    }
    const fresh = join(this.path, "..data_tmp");
    symlinkSync(version, fresh);
    renameSync(fresh, join(this.path, "..data"));
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
