import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { Progress } from "./programs/progress.ts";

const READER = new URL("./programs/reader.ts", import.meta.url);
export const PRODUCER: URL = new URL("./programs/producer.ts", import.meta.url);

export interface ReaderProcess {
  /** What it has received, also after it was killed. */
  progress(): Progress;
  kill(): Promise<void>;
}

/** Starts a reader in another process and waits until it runs; ends it with the test. */
export async function startReader(endpoint: string, pauseMs = 0): Promise<ReaderProcess> {
  const folder = mkdtempSync(join(tmpdir(), "event-reader-"));
  const file = join(folder, "progress");
  const child = startProgram(READER, [endpoint, file, `${pauseMs}`]);
  onTestFinished(() => rmSync(folder, { recursive: true }));
  await once(child, "message");
  return {
    progress: () => Progress.from(existsSync(file) ? readFileSync(file) : new Uint8Array()),
    kill: async () => {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** Starts a program; kills it with the test if it still runs. */
export function startProgram(program: URL, args: readonly string[]): ChildProcess {
  const child = fork(program, args, { execArgv: [] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}
