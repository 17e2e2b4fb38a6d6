import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-code.ts";
import type { Terminal } from "./terminal.ts";

/** The terminal of this process. */
export function processTerminal(): Terminal {
  const controller = new AbortController();
  let listening = false;
  process.stdout.on("error", ignoreClosedPipe);
  process.stderr.on("error", ignoreClosedPipe);
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

/** `| head` has seen enough; there is nobody left to tell. */
function ignoreClosedPipe(error: Error): void {
  if ("code" in error && error.code === "EPIPE") process.exit();
  throw error;
}
