import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type DataFolder, type Proxy, startProxy } from "@tenant-security/testkit";

const HOOK = fileURLToPath(new URL("../programs/watch-network.ts", import.meta.url));

export interface Sight {
  /** `address:port` of every connection that was begun. */
  readonly connections: readonly string[];
  /** Names that were looked up. */
  readonly lookups: readonly string[];
}

export interface WatchedProxy {
  readonly proxy: Proxy;
  /** What the process has done since the last time somebody looked. */
  readonly look: () => Sight;
}

export interface WatchedProxyOptions {
  readonly folder: DataFolder;
  readonly env?: Readonly<Record<string, string>>;
  /** Name → answers of the name server, one for each question; the last one stays. */
  readonly names?: Readonly<Record<string, readonly (readonly string[])[]>>;
}

/** A proxy whose look-ups and connections are seen, and end at this machine. */
export async function startWatchedProxy(options: WatchedProxyOptions): Promise<WatchedProxy> {
  const { folder, env, names = {} } = options;
  const log = folder.write("network.log", "");
  const proxy = await startProxy({
    folder,
    nodeOptions: ["--import", HOOK],
    env: { ...env, WATCHED_LOG: log, WATCHED_NAMES: JSON.stringify(names) },
  });
  let seen = 0;
  return {
    proxy,
    look() {
      const lines = readFileSync(log, "utf8").split("\n").slice(0, -1);
      const fresh = lines.slice(seen);
      seen = lines.length;
      return { connections: notes(fresh, "connect"), lookups: notes(fresh, "lookup") };
    },
  };
}

function notes(lines: readonly string[], kind: string): readonly string[] {
  return lines.filter((line) => line.startsWith(`${kind} `)).map((l) => l.slice(kind.length + 1));
}
