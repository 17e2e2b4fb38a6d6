import { hash } from "node:crypto";
import { writeImage } from "../tenants/image/write-image.ts";
import type { ConfigurationRecord, DocumentModel } from "./document/model.ts";
import { filesOf } from "./document/model.ts";
import type { FileState } from "./files.ts";
import type { BuiltDocument } from "./load-job.ts";

export interface AssembleOptions {
  /** Name of the configuration file for people. */
  readonly file: string;
  /** Where each file is that credentials refer to, by its name in the document. */
  readonly paths: ReadonlyMap<string, string>;
  /** How each was found, by where it is. */
  readonly states: ReadonlyMap<string, FileState>;
}

type Assembled = Pick<BuiltDocument, "image" | "problems" | "documentProblems">;

const MAX_FILE_PROBLEMS = 1_000;

/**
 * Joins a document with the state of the files that it refers to.
 * @throws TextLimitError
 */
export function assemble(model: DocumentModel, options: AssembleOptions): Assembled {
  const problems = new FileProblems(options.file);
  const configurations = model.configurations.map((record) => {
    const found = filesOf(record).map((file) => {
      const path = options.paths.get(file) ?? file;
      return { path, state: options.states.get(path) };
    });
    problems.add(record.id, found);
    return withFiles(record, found);
  });
  return {
    image: writeImage({ configurations, tenants: model.tenants }),
    problems: [...model.problems, ...problems.lines()],
    documentProblems: model.problems,
  };
}

interface FoundFile {
  readonly path: string;
  readonly state: FileState | undefined;
}

/** The fingerprint changes whenever a file does that the credentials refer to. */
function withFiles(record: ConfigurationRecord, found: readonly FoundFile[]): ConfigurationRecord {
  if (!("fingerprint" in record) || found.length === 0) return record;
  const signatures = found.map(({ state }) => state?.signature).join("\n");
  const files = hash("sha256", signatures, "base64url").slice(0, 22);
  return { ...record, fingerprint: `${record.fingerprint}.${files}` };
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
