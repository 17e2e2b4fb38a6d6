import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { DataFolder } from "@tenant-security/testkit";
import { onTestFinished } from "vitest";

const run = promisify(execFile);
const DOCS = fileURLToPath(new URL("../../../../../../docs/", import.meta.url));
const MAIN = fileURLToPath(new URL("../../../../src/main.ts", import.meta.url));
const PAGE = readFileSync(`${DOCS}recovery.md`, "utf8");

/** The shell commands of `docs/recovery.md` below a heading; `index` tells which of several. */
export function commandsOf(heading: string, index = 0): string {
  const section = PAGE.split(`# ${heading}\n`)[1]?.split(/^#+ /m)[0] ?? "";
  const blocks = [...section.matchAll(/```sh\n([^]*?)```/g)].map(([, text = ""]) => text);
  const block = blocks[index];
  if (block === undefined) throw new Error(`docs/recovery.md has no commands under ${heading}`);
  return block.replaceAll("docs/recovery/", `${DOCS}recovery/`);
}

/** A folder in which somebody follows the page, with the proxy's own program and an EDEK at hand. */
export class Desk {
  readonly #folder = new DataFolder();
  readonly #edek: string;

  constructor(edek: string) {
    this.#edek = edek;
    onTestFinished(() => this.#folder.remove());
    const node = `"${process.execPath}" --conditions=@tenant-security/source`;
    const script = `#!/bin/sh\nexec ${node} "${MAIN}" "$@"\n`;
    this.#folder.write("tenant-security-proxy", script);
  }

  /** Runs commands as they stand on the page. */
  async follow(commands: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
    const script = `set -e\nchmod +x tenant-security-proxy\n${commands}`;
    const node = process.execPath.slice(0, process.execPath.lastIndexOf("/"));
    const path = `${this.#folder.path}:${node}:${process.env["PATH"] ?? ""}`;
    const options = { cwd: this.#folder.path, env: { PATH: path, EDEK: this.#edek, ...env } };
    await run("sh", ["-c", script], options);
  }

  read(name: string): Buffer {
    return readFileSync(this.#folder.file(name));
  }

  write(name: string, content: Uint8Array): void {
    this.#folder.write(name, content);
  }
}

/** Whether a program can be run here. */
export async function isInstalled(program: string): Promise<boolean> {
  return run(program, ["--version"]).then(
    () => true,
    () => false,
  );
}
