import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-code.ts";
import type { Terminal } from "./terminal.ts";

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const controller = new AbortController();
  let listening = false;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error) => {
      // `| head` has seen enough: a command that would go on for ever ends.
      if ("code" in error && error.code === "EPIPE") controller.abort();
      else throw error;
    });
  }
  return {
    env: process.env,
    print: (text) => void process.stdout.write(text),
    warn: (text) => void process.stderr.write(text),
    readInput: readStandardInput,
    // Listening replaces "the process ends", which is what most commands want.
    get signal(): AbortSignal {
      if (!listening) {
        listening = true;
        for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
          process.once(signal, () => controller.abort());
        }
      }
      return controller.signal;
    },
  };
}

async function readStandardInput(maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new CliError(`standard input is longer than ${maxBytes} bytes`, EXIT.failed);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
