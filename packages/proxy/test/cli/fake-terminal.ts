import type { Terminal } from "../../src/cli/terminal.ts";

/** Keeps what a command says, and answers what it reads. */
export class FakeTerminal implements Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  out = "";
  err = "";
  readonly #input: string;

  constructor(env: Readonly<Record<string, string>> = {}, input = "", signal?: AbortSignal) {
    this.env = env;
    this.#input = input;
    this.signal = signal ?? new AbortController().signal;
  }

  print(text: string): void {
    this.out += text;
  }

  warn(text: string): void {
    this.err += text;
  }

  async readInput(): Promise<string> {
    return this.#input;
  }
}
