import type { Path } from "../text/path.ts";
import { formatPath } from "../text/path.ts";
import type { Position } from "../text/positions.ts";

interface Finding {
  readonly path: Path;
  readonly text: string;
}

/** A broken generator can make one mistake a million times; nobody reads more than this. */
const MAX_FINDINGS = 1_000;

class Findings {
  readonly #kept: Finding[] = [];
  #more = 0;

  add(path: Path, text: string): void {
    if (this.#kept.length < MAX_FINDINGS) this.#kept.push({ path, text });
    else this.#more += 1;
  }

  get some(): boolean {
    return this.#kept.length > 0;
  }

  /** One line each, in the order of the file. */
  lines(file: string, locate: (paths: readonly Path[]) => readonly Position[]): string[] {
    // Finding positions may mean to parse everything again.
    if (!this.some) return [];
    const positions = locate(this.#kept.map(({ path }) => path));
    const lines = this.#kept
      .map((finding, index) => ({ ...finding, position: positions[index] }))
      .toSorted((a, b) => compare(a.position, b.position))
      .map(({ path, text, position }) => formatFinding(file, position, path, text));
    if (this.#more > 0) lines.push(`${file}: and ${this.#more} more`);
    return lines;
  }
}

/** Collects what is wrong with a document while it is being read. */
export class Report {
  /** What makes the document useless as a whole. */
  readonly mistakes: Findings = new Findings();
  /** What is left out or ignored. */
  readonly problems: Findings = new Findings();
}

/** `config.yaml:14:7 tenants[2].id: expected text`. */
export function formatFinding(
  file: string,
  position: Position | undefined,
  path: Path,
  text: string,
): string {
  const at = position ? `${file}:${position.line}:${position.column}` : file;
  return path.length === 0 ? `${at}: ${text}` : `${at} ${formatPath(path)}: ${text}`;
}

function compare(a: Position | undefined, b: Position | undefined): number {
  if (a === undefined || b === undefined) return 0;
  return a.line - b.line || a.column - b.column;
}
