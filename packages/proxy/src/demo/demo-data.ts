import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { environmentValue } from "./environment-value.ts";
import { DEMO_CONFIGURATION, DEMO_KEY_FILES } from "./configuration-text.ts";

export interface DemoData {
  /** Absolute, as are the paths below. */
  readonly folder: string;
  readonly configFile: string;
  readonly envFile: string;
  /** Whether the folder was made now; otherwise nothing in it was touched. */
  readonly created: boolean;
}

/** Some of the demo's files are there and others are not: nobody can know whose they are. */
export class DemoDataError extends Error {
  static {
    this.prototype.name = "DemoDataError";
  }
}

/** 12 bytes are the only length that every published client accepts. */
const API_KEY_BYTES = 12;
const LOCAL_KEY_BYTES = 32;

/**
 * Makes a folder with a configuration of three tenants, their keys and an environment file with a
 * fresh API key; leaves a complete one as it is. Files are readable by their owner alone.
 * @throws DemoDataError when only some of the files are there; errors of the file system
 */
export function createDemoData(path: string): DemoData {
  const folder = resolve(path);
  const files = demoFiles(folder);
  const missing = [...files.keys()].filter((file) => !existsSync(file));
  const data = { folder, configFile: configFileOf(folder), envFile: join(folder, "env") };
  if (missing.length === 0) return { ...data, created: false };
  if (missing.length < files.size) {
    throw new DemoDataError(
      `${folder} holds demo data, but without ${missing.join(", ")}: ` +
        "bring the missing files back, or remove the folder for fresh data",
    );
  }
  for (const [file, content] of files) writeNew(file, content);
  return { ...data, created: true };
}

/** What the environment file says, with the folder's own configuration file. */
export function readDemoEnvironment(data: DemoData): Record<string, string | undefined> {
  // The folder may have been moved since its environment file was written.
  return { ...parseEnv(readFileSync(data.envFile, "utf8")), TSP_CONFIG_FILE: data.configFile };
}

function demoFiles(folder: string): Map<string, string> {
  const keys = DEMO_KEY_FILES.map((file) => [join(folder, file), base64(LOCAL_KEY_BYTES)] as const);
  return new Map([
    ...keys,
    [join(folder, "env"), environmentText(configFileOf(folder))],
    [configFileOf(folder), DEMO_CONFIGURATION],
  ]);
}

function environmentText(configFile: string): string {
  return (
    `# Settings of the demo, for a shell, \`docker run --env-file\`, \`node --env-file\` and the like.\n` +
    `API_KEY=${base64(API_KEY_BYTES)}\n` +
    `TSP_CONFIG_FILE=${environmentValue(configFile)}\n` +
    `# Only this machine can reach the demo.\n` +
    `TSP_BIND_ADDRESS=127.0.0.1\n` +
    `# No load balancer has to notice that it stops.\n` +
    `TSP_DRAIN_DELAY_MS=0\n`
  );
}

function writeNew(file: string, content: string): void {
  makeFolders(dirname(file));
  writeFileSync(file, content, { flag: "wx", mode: 0o600 });
}

// Node's own recursive mkdir never returns where a file system takes no folders, as under `/proc`.
function makeFolders(folder: string): void {
  if (existsSync(folder)) return;
  makeFolders(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

function configFileOf(folder: string): string {
  return join(folder, "tenants.yaml");
}

function base64(bytes: number): string {
  return randomBytes(bytes).toString("base64");
}
