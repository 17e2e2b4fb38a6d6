import { SnapshotBuilder, type TenantRecord } from "../tenants/snapshot.ts";
import type { Snapshot } from "../tenants/source.ts";
import type { KmsConfiguration, UnusableConfiguration } from "../tenants/tenant.ts";
import { resolve } from "node:path";
import type { ReferenceBase } from "./credentials.ts";
import { type ConfigurationRecord, isUnusable } from "./document/model.ts";
import { FileConfiguration } from "./file-configuration.ts";
import { statesOf } from "./file-states.ts";
import type { FileState } from "./files.ts";
import { Pace } from "./pace.ts";

export type Configuration = KmsConfiguration | UnusableConfiguration;

/** The model of a document, collected piece by piece. */
export interface ModelParts {
  readonly configurations: ConfigurationRecord[];
  readonly tenants: TenantRecord[];
  readonly problems: string[];
}

export interface Assembled {
  readonly snapshot: Snapshot;
  /** The snapshot's problems without those of files that credentials refer to. */
  readonly documentProblems: readonly string[];
  /** Every configuration of the file, assigned to somebody or not. */
  readonly configurations: ReadonlyMap<number, Configuration>;
  /** Files that credentials refer to, and how each was found. */
  readonly files: readonly string[];
  readonly states: ReadonlyMap<string, FileState>;
}

export interface AssembleOptions {
  /** Name of the configuration file for people. */
  readonly file: string;
  readonly base: ReferenceBase;
  /** What did not change since then is taken over as it is. */
  readonly previous: Assembled | undefined;
  readonly beforeLooking: (files: readonly string[]) => Promise<void>;
}

const MAX_FILE_PROBLEMS = 1_000;

/** Makes the snapshot of a document, giving way to requests now and then. */
export async function assemble(parts: ModelParts, options: AssembleOptions): Promise<Assembled> {
  const pace = new Pace();
  const paths = await resolvedFiles(parts, options.base.folder, pace);
  const files = [...new Set(paths.values())];
  await options.beforeLooking(files);
  const states = await statesOf(files);

  const { base, previous } = options;
  const problems = new FileProblems(options.file);
  const builder = new SnapshotBuilder(previous?.snapshot);
  const configurations = new Map<number, Configuration>();
  for (const record of parts.configurations) {
    const found = filesOf(record).map((file) => {
      const path = paths.get(file) ?? file;
      return { path, state: states.get(path) };
    });
    problems.add(record.id, found);
    const signature = found.map(({ state }) => state?.signature).join("\n");
    const fresh = configurationOf(record, base, signature);
    const configuration = unchanged(previous?.configurations.get(record.id), fresh) ?? fresh;
    configurations.set(record.id, configuration);
    builder.addConfiguration(configuration);
    await pace.breathe();
  }
  for (const tenant of parts.tenants) {
    builder.addTenant(tenant);
    await pace.breathe();
  }
  const snapshot = builder.build([...parts.problems, ...problems.lines()]);
  return { snapshot, documentProblems: parts.problems, configurations, files, states };
}

async function resolvedFiles(
  { configurations }: ModelParts,
  folder: string,
  pace: Pace,
): Promise<ReadonlyMap<string, string>> {
  const paths = new Map<string, string>();
  for (const record of configurations) {
    for (const file of filesOf(record)) {
      if (!paths.has(file)) paths.set(file, resolve(folder, file));
    }
    await pace.breathe();
  }
  return paths;
}

function filesOf(record: ConfigurationRecord): readonly string[] {
  return isUnusable(record) ? [] : record.files;
}

function configurationOf(
  record: ConfigurationRecord,
  base: ReferenceBase,
  signature: string,
): Configuration {
  if (isUnusable(record)) return { usable: false, id: record.id, reason: record.reason };
  return new FileConfiguration(record, base, signature);
}

/** The object of the snapshot before, when nothing about it is different. */
function unchanged(before: Configuration | undefined, now: Configuration): typeof before {
  if (before?.usable === true && now.usable) {
    const same =
      before.fingerprint === now.fingerprint && before.leasingAllowed === now.leasingAllowed;
    return same ? before : undefined;
  }
  return before?.usable === false && !now.usable && before.reason === now.reason
    ? before
    : undefined;
}

interface FoundFile {
  readonly path: string;
  readonly state: FileState | undefined;
}

/** Files that are not there when the document is read; they may still come. */
class FileProblems {
  readonly #file: string;
  readonly #lines: string[] = [];
  #more = 0;

  constructor(file: string) {
    this.#file = file;
  }

  add(id: number, found: readonly FoundFile[]): void {
    for (const { path, state } of found) {
      if (state?.problem === undefined) continue;
      const line = `${this.#file}: KMS configuration ${id}: the file ${JSON.stringify(path)}: `;
      if (this.#lines.length < MAX_FILE_PROBLEMS) this.#lines.push(line + state.problem);
      else this.#more += 1;
    }
  }

  lines(): readonly string[] {
    if (this.#more === 0) return this.#lines;
    return [...this.#lines, `${this.#file}: and ${this.#more} more files`];
  }
}
