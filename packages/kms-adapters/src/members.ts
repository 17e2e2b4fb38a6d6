import { KmsError } from "./errors.ts";

export interface TextRules {
  /** Longest accepted text, in UTF-16 units. Default: 1 024. */
  readonly max?: number;
  readonly pattern?: RegExp;
  /** What the pattern stands for, for the message: `a UUID`. */
  readonly form?: string;
  /** Line breaks and tabs are accepted: PEM texts. */
  readonly multiline?: boolean;
  /** One line break at the end is dropped, as secrets live in files that editors end so. */
  readonly fromFile?: boolean;
}

// Control characters, line and paragraph separators: nothing that could start a new header.
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;
const CONTROL_BUT_LINES = /(?![\t\n\r])[\p{Cc}\p{Zl}\p{Zp}]/u;

/**
 * Reads the members of a `keyPath` or `credentials` record as hostile input. Messages name the
 * member and never its value; members nobody asks for are ignored, as architecture 13 wants it.
 */
export class Members {
  readonly #driver: string;
  readonly #path: string;
  readonly #record: Readonly<Record<string, unknown>>;

  /** @throws KmsError `KMS_CONFIG_INVALID` when `record` is no object */
  constructor(driver: string, path: string, record: unknown) {
    this.#driver = driver;
    this.#path = path;
    if (typeof record !== "object" || record === null || Array.isArray(record)) {
      throw configInvalid(driver, `${path} must be an object`);
    }
    this.#record = record as Record<string, unknown>;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#record, name) && this.#record[name] != null;
  }

  raw(name: string): unknown {
    return Object.hasOwn(this.#record, name) ? this.#record[name] : undefined;
  }

  /** @throws KmsError `KMS_CONFIG_INVALID` when the member is missing or breaks a rule */
  text(name: string, rules: TextRules = {}): string {
    const { max = 1_024, pattern, form, multiline = false, fromFile = false } = rules;
    const raw = this.raw(name);
    if (typeof raw !== "string") throw this.refuse(name, "must be a text");
    const value = fromFile ? raw.replace(/\r?\n$/, "") : raw;
    if (value.length === 0) throw this.refuse(name, "must not be empty");
    if (value.length > max) throw this.refuse(name, `must have at most ${max} characters`);
    if ((multiline ? CONTROL_BUT_LINES : CONTROL).test(value) || !value.isWellFormed()) {
      throw this.refuse(name, "must not have control characters");
    }
    if (pattern && !pattern.test(value)) throw this.refuse(name, `must be ${form ?? pattern}`);
    return value;
  }

  optionalText(name: string, rules?: TextRules): string | undefined {
    return this.has(name) ? this.text(name, rules) : undefined;
  }

  optionalFlag(name: string): boolean {
    const value = this.raw(name) ?? false;
    if (typeof value !== "boolean") throw this.refuse(name, "must be true or false");
    return value;
  }

  refuse(name: string, reason: string): KmsError {
    return configInvalid(this.#driver, `${this.#path}.${name} ${reason}`);
  }
}

export function configInvalid(driver: string, detail: string, cause?: unknown): KmsError {
  return new KmsError({ code: "KMS_CONFIG_INVALID", detail }, { driver, cause });
}
