import { descriptorBudget, descriptorLimit } from "../descriptors.ts";
import { createDrivers } from "../drivers.ts";
import { FileSource } from "../file-source/source.ts";
import { KmsPool } from "../keys/kms-pool.ts";
import type { Settings } from "../config/settings.ts";
import type { Snapshot } from "../tenants/source.ts";
import { startMistake } from "./start-mistake.ts";
import type { Terminal } from "./terminal.ts";

/** What commands work with that read the configuration file and ask a KMS. */
export interface Toolbox {
  readonly settings: Settings;
  readonly source: FileSource;
  readonly snapshot: Snapshot;
  readonly kms: KmsPool;
}

/**
 * Reads the configuration file, lends everything out, and closes every KMS client afterwards.
 * @throws CliError 78 with every mistake of the file
 */
export async function withToolbox<T>(
  settings: Settings,
  { env, signal }: Pick<Terminal, "env" | "signal">,
  use: (toolbox: Toolbox) => Promise<T>,
): Promise<T> {
  const source = new FileSource({ file: settings.source.configFile, env });
  const snapshot = await source.load(signal).catch((cause: unknown) => {
    throw startMistake(cause);
  });
  const kms = createPool(settings);
  try {
    return await use({ settings, source, snapshot, kms });
  } finally {
    await kms.close();
  }
}

function createPool(settings: Settings): KmsPool {
  const { kms, http } = settings;
  const budget = descriptorBudget(descriptorLimit(), {
    kmsClients: kms.clientCacheSize,
    connections: http.maxConnections,
  });
  return new KmsPool({
    drivers: createDrivers(settings),
    timeoutMs: kms.timeoutMs,
    concurrency: kms.concurrency,
    queueSize: kms.queueSize,
    clientCacheSize: budget.kmsClients,
    maxConcurrent: budget.kmsCalls,
  });
}
