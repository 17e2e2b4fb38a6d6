import type { Environment } from "../config/environment.ts";
import { ProxyError } from "../errors.ts";
import type { KmsConfiguration, OpenedCredentials } from "../tenants/tenant.ts";
import { FileSourceError } from "./file-source-error.ts";
import { FileSource } from "./source.ts";

export interface CheckOptions {
  readonly file: string;
  readonly env: Environment;
  readonly signal?: AbortSignal;
  /** Looks at opened credentials more closely; gives a sentence when they cannot be used. */
  readonly inspect?: (
    configuration: KmsConfiguration,
    credentials: OpenedCredentials,
  ) => Promise<string | undefined>;
}

/** What is to be said about a configuration file. */
export interface CheckedFile {
  /** Why the file as a whole cannot be used; empty when it can. */
  readonly mistakes: readonly string[];
  /** What is left out or ignored although the file can be used. */
  readonly problems: readonly string[];
  readonly configurations: number;
  readonly tenants: number;
}

/** Reads a configuration file as the proxy would, and opens every credential in it. */
export async function checkFile(options: CheckOptions): Promise<CheckedFile> {
  const { signal = AbortSignal.timeout(60_000) } = options;
  const source = new FileSource(options);
  try {
    const snapshot = await source.load(signal);
    const problems = [...(source.loaded?.documentProblems ?? [])];
    let configurations = 0;
    for (const configuration of snapshot.configurations()) {
      configurations += 1;
      if (!configuration.usable) continue;
      const problem = await problemOf(configuration, options);
      if (problem !== undefined) problems.push(`${options.file}: ${problem}`);
    }
    return { mistakes: [], problems, configurations, tenants: snapshot.tenants.size };
  } catch (error) {
    if (!(error instanceof FileSourceError)) throw error;
    return { mistakes: error.mistakes, problems: [], configurations: 0, tenants: 0 };
  }
}

async function problemOf(
  configuration: KmsConfiguration,
  { inspect }: CheckOptions,
): Promise<string | undefined> {
  try {
    const credentials = await configuration.openCredentials();
    return await inspect?.(configuration, credentials);
  } catch (error) {
    if (error instanceof ProxyError) return error.fullMessage;
    throw error;
  }
}
