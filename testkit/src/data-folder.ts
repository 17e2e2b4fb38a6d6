import { randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConfigurationDocument } from "./documents.ts";

/** A temporary folder with what a proxy reads: the configuration file and the keys it names. */
export class DataFolder {
  readonly path: string = mkdtempSync(join(tmpdir(), "tenant-security-"));
  readonly configFile: string = join(this.path, "tenants.json");

  /** Absolute path of a member of the folder. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** Writes a member and gives its absolute path. */
  write(name: string, content: string | Uint8Array): string {
    writeFileSync(this.file(name), content, { mode: 0o600 });
    return this.file(name);
  }

  /** Makes a fresh 32-byte key in a file; gives the name that a configuration refers to. */
  key(name: string, key: Uint8Array = randomBytes(32)): string {
    this.write(name, Buffer.from(key).toString("base64"));
    return name;
  }

  /** Replaces the configuration file in one step, as an editor or a deployment does. */
  configure(document: ConfigurationDocument): void {
    this.replace("tenants.json", JSON.stringify(document));
  }

  /** Replaces a member by an atomic rename, so that nobody reads half a file. */
  replace(name: string, content: string | Uint8Array): void {
    const fresh = this.write(`.${name}.${randomUUID()}`, content);
    renameSync(fresh, this.file(name));
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
