import { type LogLine, Program, type ProgramOptions } from "./proxy-process.ts";
import type { DataFolder } from "./data-folder.ts";

/** Valid base64 of 12 bytes, the shortest key that every published client accepts. */
export const API_KEY = "dGVzdC1hcGkta2V5";

export interface ProxyOptions extends ProgramOptions {
  readonly folder: DataFolder;
}

export interface Proxy {
  readonly program: Program;
  /** Origin of the HTTP port, without a trailing slash. */
  readonly url: string;
  readonly healthUrl: string;
  /** ZeroMQ endpoint of the event socket; empty when events are off. */
  readonly eventsUrl: string;
}

/** Processes that serve: one starts faster, and what differs with several has tests of its own. */
export const TEST_WORKERS: number = Number(process.env["TEST_WORKERS"] ?? 1);

/** Environment of a proxy that binds free ports on loopback and stops without a pause. */
export function proxyEnvironment(folder: DataFolder): Record<string, string> {
  return {
    API_KEY,
    TSP_CONFIG_FILE: folder.configFile,
    TSP_HTTP_BIND_ADDRESS: "127.0.0.1:0",
    TSP_HEALTH_BIND_ADDRESS: "127.0.0.1:0",
    TSP_EVENT_BIND_ADDRESS: "127.0.0.1:0",
    TSP_ENABLE_LOGDRIVER_INTEGRATION: "false",
    TSP_DRAIN_DELAY_MS: "0",
    TSP_WORKERS: String(TEST_WORKERS),
  };
}

/** Starts the service and waits until it serves. The caller stops `program`. */
export async function startProxy({ folder, env, ...options }: ProxyOptions): Promise<Proxy> {
  const program = new Program(["start"], {
    ...options,
    env: { ...proxyEnvironment(folder), ...env },
  });
  try {
    const serving = await program.until(() => program.log.find(isServing), 60_000);
    const scheme = env?.["TSP_TLS_CERT_FILE"] === undefined ? "http" : "https";
    return {
      program,
      url: `${scheme}://${address(serving, "http")}`,
      healthUrl: `http://${address(serving, "health")}`,
      eventsUrl: serving["events"] === undefined ? "" : `tcp://${address(serving, "events")}`,
    };
  } catch (error) {
    await program.stop("SIGKILL");
    throw error;
  }
}

function isServing(line: LogLine): boolean {
  return line.message === "serving";
}

function address(line: LogLine, member: string): string {
  const value = line[member];
  if (typeof value !== "string") throw new TypeError(`no address "${member}" in the start line`);
  return value;
}
