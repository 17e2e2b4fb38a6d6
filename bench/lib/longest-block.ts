import { fileURLToPath, pathToFileURL } from "node:url";
import type { Proxy } from "@tenant-security/testkit";

const WATCH = pathToFileURL(fileURLToPath(new URL("loop-watch.ts", import.meta.url))).href;

/** Options of Node under which a proxy knows how long its event loop was busy. */
export const WATCHED: readonly string[] = ["--import", WATCH];

/** The longest stretch in milliseconds since the last call, of a proxy of one process. */
export async function longestBlock({ program }: Proxy): Promise<number> {
  const before = reports(program.stderr).length;
  program.signal("SIGUSR1");
  return program.until(() => reports(program.stderr)[before]);
}

function reports(text: string): readonly number[] {
  return [...text.matchAll(/^\{"longest":([\d.e-]+)\}$/gm)].map(([, value]) => Number(value));
}
