import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const LIMITED = 'ulimit -n "$0" && exec "$@"';
type Form = "source" | "built";

const MAIN: Readonly<Record<Form, readonly string[]>> = {
  source: [
    "--conditions=@tenant-security/source",
    fileURLToPath(new URL("../../packages/proxy/src/main.ts", import.meta.url)),
  ],
  built: [fileURLToPath(new URL("../../packages/proxy/dist/main.js", import.meta.url))],
};

export interface ProgramOptions {
  /** Only these and `PATH` reach the process: nothing of the caller's environment leaks in. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Options of Node itself. */
  readonly nodeOptions?: readonly string[];
  /** `built`: what `pnpm run build` made, as it is shipped. Default: the sources. */
  readonly form?: Form;
  /** CPU the process is bound to; needs `taskset`. */
  readonly cpu?: number | undefined;
  /** Limit of open files, as `ulimit -n` sets it. */
  readonly descriptors?: number;
  /** Descriptor that standard output goes to; then nothing of it is read here. */
  readonly stdout?: number;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running `tenant-security-proxy`, whatever its subcommand. */
export class Program {
  readonly process: ChildProcess;
  /** Settles when the process has ended and its output is complete. */
  readonly exited: Promise<Exit>;
  readonly #stdout: string[] = [];
  readonly #stderr: string[] = [];

  constructor(args: readonly string[], options: ProgramOptions = {}) {
    const { descriptors } = options;
    const command = [
      ...(descriptors === undefined ? [] : ["sh", "-c", LIMITED, String(descriptors)]),
      ...(options.cpu === undefined ? [] : ["taskset", "-c", String(options.cpu)]),
      process.execPath,
      ...(options.nodeOptions ?? []),
      // As in the program's first line.
      "--max-semi-space-size=8",
      ...MAIN[options.form ?? "source"],
      ...args,
    ];
    this.process = spawn(command[0] ?? "", command.slice(1), {
      env: { PATH: process.env["PATH"] ?? "", ...options.env },
      cwd: options.cwd,
      stdio: ["ignore", options.stdout ?? "pipe", "pipe"],
    });
    this.process.stdout?.setEncoding("utf8").on("data", (text: string) => this.#stdout.push(text));
    this.process.stderr?.setEncoding("utf8").on("data", (text: string) => this.#stderr.push(text));
    this.exited = new Promise((resolve, reject) => {
      this.process.once("error", reject);
      this.process.once("close", (code, signal) => resolve({ code, signal }));
    });
    // A process that could not be spawned is told to whoever awaits it.
    this.exited.catch(() => {});
  }

  get stdout(): string {
    return this.#stdout.join("");
  }

  get stderr(): string {
    return this.#stderr.join("");
  }

  /** Complete JSON lines of standard output so far. */
  get log(): readonly LogLine[] {
    return this.stdout.split("\n").flatMap((line) => parsed(line) ?? []);
  }

  get running(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Waits until `look` finds something. Rejects with the output when the process ends before. */
  async until<T>(look: () => T | undefined, deadlineMs = 30_000): Promise<T> {
    const deadline = Date.now() + deadlineMs;
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (!this.running || Date.now() > deadline) throw new Error(this.#report(deadlineMs));
      await sleep(5);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  /** Ends the process, by force when it does not go by itself. */
  async stop(signal: NodeJS.Signals = "SIGTERM", deadlineMs = 30_000): Promise<Exit> {
    const force = setTimeout(() => this.process.kill("SIGKILL"), deadlineMs);
    try {
      if (this.running) this.process.kill(signal);
      return await this.exited;
    } finally {
      clearTimeout(force);
    }
  }

  #report(deadlineMs: number): string {
    const state = this.running ? `still running after ${deadlineMs} ms` : "ended";
    return `the process is ${state}\n--- stdout\n${this.stdout}\n--- stderr\n${this.stderr}`;
  }
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [member: string]: unknown;
}

function parsed(line: string): LogLine | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return undefined;
  }
}

/** Runs a subcommand to its end. */
export async function runProgram(
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<Exit & { readonly stdout: string; readonly stderr: string }> {
  const program = new Program(args, options);
  const force = setTimeout(() => program.process.kill("SIGKILL"), 60_000);
  try {
    const exit = await program.exited;
    return { ...exit, stdout: program.stdout, stderr: program.stderr };
  } finally {
    clearTimeout(force);
  }
}
