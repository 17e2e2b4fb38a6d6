import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));

/** Events that nobody reads would hold up every stop for seconds. */
const QUICK = {
  TSP_ENABLE_LOGDRIVER_INTEGRATION: "false",
  TSP_HTTP_BIND_ADDRESS: "127.0.0.1:0",
  TSP_HEALTH_BIND_ADDRESS: "127.0.0.1:0",
};

/** A program of the repository's root, in a process group of its own, as a terminal gives it one. */
export class NpmProgram {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  stdout = "";
  stderr = "";

  constructor(command: readonly string[], env: Readonly<Record<string, string>>) {
    const { API_KEY: _key, TSP_CONFIG_FILE: _file, ...rest } = process.env;
    this.child = spawn(command[0] ?? "", command.slice(1), {
      cwd: ROOT,
      env: { ...rest, ...QUICK, ...env },
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    this.exited = new Promise((resolve) => this.child.once("close", (code) => resolve(code)));
    onTestFinished(() => this.#end());
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Resolves when the text for people is complete. */
  async ready(): Promise<this> {
    while (!this.stdout.includes("Ctrl-C stops it.")) {
      if (!this.running) throw new Error(`it ended:\n${this.stdout}\n${this.stderr}`);
      await sleep(10);
    }
    return this;
  }

  /** What a terminal does: every process of the group gets the signal. */
  signalGroup(signal: NodeJS.Signals): void {
    process.kill(-(this.child.pid ?? 0), signal);
  }

  /** The value of a row such as `  API key   abc`. */
  row(name: string): string {
    return new RegExp(`^  ${name} +(\\S+)`, "m").exec(this.stdout)?.[1] ?? "";
  }

  /** The lines to paste. */
  get pasteable(): readonly string[] {
    return this.stdout.split("\n").filter((line) => line.startsWith("curl "));
  }

  async #end(): Promise<void> {
    if (this.running) this.child.kill("SIGTERM");
    const force = setTimeout(() => this.child.kill("SIGKILL"), 20_000);
    await this.exited;
    clearTimeout(force);
  }
}

/** `npm start` without npm: the same script, started by this Node. */
export function startByScript(env: Readonly<Record<string, string>>): NpmProgram {
  return new NpmProgram([process.execPath, "scripts/run.mjs", "start"], env);
}

export function startByNpm(env: Readonly<Record<string, string>>): NpmProgram {
  return new NpmProgram(["npm", "start"], env);
}

/** Path of a demo folder that does not exist yet. */
export function freshDemoFolder(): string {
  const parent = mkdtempSync(join(tmpdir(), "tenant-security-npm-"));
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }));
  return join(parent, "demo");
}
