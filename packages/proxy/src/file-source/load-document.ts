import { hash } from "node:crypto";
import { resolve } from "node:path";
import { TextLimitError } from "../tenants/image/text-area.ts";
import { assemble } from "./assemble.ts";
import { type ConfigurationRecord, filesOf } from "./document/model.ts";
import { parseDocument } from "./document/parse.ts";
import { packPaths, unpackPaths } from "./file-list.ts";
import type { FileState } from "./files.ts";
import type { LoadJob, LoadOutcome } from "./load-job.ts";

type States = ReadonlyMap<string, FileState>;

export interface LoadEnvironment {
  /** Watching comes before looking, so that no change falls between the two. */
  readonly watch: (files: readonly string[]) => Promise<void>;
  readonly look: (files: readonly string[]) => States | Promise<States>;
}

/**
 * Everything between the bytes of a configuration file and the image of its tenants. Runs in
 * whatever thread it is called in and keeps it busy for as long as the file is long.
 */
export async function loadDocument(job: LoadJob, env: LoadEnvironment): Promise<LoadOutcome> {
  const digest = hash("sha256", job.bytes, "base64");
  if (job.known?.digest === digest) {
    const states = digestOf(await env.look(unpackPaths(job.known.files)));
    if (states === job.known.states) return { kind: "unchanged" };
  }
  const { model, mistakes } = parseDocument(job.bytes, job.options);
  if (mistakes) return { kind: "refused", mistakes };

  const { file, folder } = job.options;
  const paths = resolvedFiles(model.configurations, folder);
  const files = [...new Set(paths.values())];
  await env.watch(files);
  const states = await env.look(files);
  try {
    const assembled = assemble(model, { file, paths, states });
    const known = { digest, files: packPaths(files), states: digestOf(states) };
    return { kind: "built", document: { ...assembled, ...known } };
  } catch (error) {
    if (!(error instanceof TextLimitError)) throw error;
    return { kind: "refused", mistakes: [`${file}: it stands for more text than can be served`] };
  }
}

/** Where each file is, by its name in the document. */
function resolvedFiles(
  configurations: readonly ConfigurationRecord[],
  folder: string,
): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const record of configurations) {
    for (const file of filesOf(record)) {
      if (!paths.has(file)) paths.set(file, resolve(folder, file));
    }
  }
  return paths;
}

function digestOf(states: States): string {
  const lines: string[] = [];
  for (const [path, { signature }] of states) lines.push(`${path}\0${signature}\n`);
  return hash("sha256", lines.toSorted().join(""), "base64");
}
