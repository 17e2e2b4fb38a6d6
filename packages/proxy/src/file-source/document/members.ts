import type { Path } from "../text/path.ts";

/** Why a configuration cannot be used. */
export interface Refusal {
  readonly path: Path;
  /** The same inside the configuration: `credentials.private_key`. */
  readonly name: string;
  /** What was expected; never a value. */
  readonly text: string;
}

export type PlainRecord = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is PlainRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads an object of the document by its own members only, and collects what cannot be used. */
export class Members {
  /** Shared with the objects inside this one. */
  readonly refusals: Refusal[];
  readonly path: Path;
  readonly #record: PlainRecord;
  readonly #prefix: string;

  constructor(record: PlainRecord, path: Path, refusals: Refusal[] = [], prefix = "") {
    this.#record = record;
    this.path = path;
    this.refusals = refusals;
    this.#prefix = prefix;
  }

  /** `undefined` when there is no such member. */
  get(name: string): unknown {
    return Object.hasOwn(this.#record, name) ? this.#record[name] : undefined;
  }

  /** Names that `known` does not have. */
  unknown(known: readonly string[]): string[] {
    return Object.keys(this.#record).filter((name) => !known.includes(name));
  }

  /** A member that is an object; a refusal otherwise. */
  inside(name: string): Members | undefined {
    const value = this.get(name);
    if (isRecord(value)) {
      const prefix = `${this.#prefix}${name}.`;
      return new Members(value, [...this.path, name], this.refusals, prefix);
    }
    this.refuse(name, value === undefined ? "is missing" : "expected an object");
    return undefined;
  }

  /** An entry of the list `name`; a refusal when it is not an object. */
  item(name: string, index: number, value: unknown): Members | undefined {
    const path = [...this.path, name, index];
    const label = `${this.#prefix}${name}[${index}]`;
    if (isRecord(value)) return new Members(value, path, this.refusals, `${label}.`);
    this.refusals.push({ path, name: label, text: "expected an object" });
    return undefined;
  }

  /** An optional flag, false when it is not there. */
  flag(name: string): boolean {
    const value = this.get(name) ?? false;
    if (typeof value === "boolean") return value;
    this.refuse(name, "expected true or false");
    return false;
  }

  refuse(name: string, text: string): void {
    this.refusals.push({ path: [...this.path, name], name: `${this.#prefix}${name}`, text });
  }
}
